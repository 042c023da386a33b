// A pushdown automaton whose stack is a number.
#include "rollout/json_automaton.h"

#include <string_view>

namespace aha::rollout {

namespace {

using Place = JsonState::Place;

constexpr std::string_view kLiterals = "truefalsenull";
constexpr uint8_t kFalse = 4, kNull = 9;  // where these begin

bool is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }
bool is_between(uint8_t byte, uint8_t low, uint8_t high) { return byte >= low && byte <= high; }
bool is_hex(uint8_t byte) { return is_digit(byte) || is_between(byte | 0x20, 'a', 'f'); }
bool is_blank(uint8_t byte) { return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t'; }

bool go(JsonState& state, Place place, uint8_t count = 0) {
  state.place = place;
  state.count = count;
  return true;
}
bool go_if(bool holds, JsonState& state, Place place, uint8_t count = 0) { return holds && go(state, place, count); }

// A line break and an indentation by four.
bool read_blank(JsonState& state) { return ++state.num_blanks <= 2 + 4 * state.depth; }

bool end_value(JsonState& state) { return go(state, state.depth == 0 ? Place::kDone : Place::kAfterValue); }

bool is_in_object(const JsonState& state) { return state.objects >> (state.depth - 1) & 1; }

bool open(JsonState& state, bool is_object) {
  if (state.depth == kMaxJsonDepth) return false;
  const uint64_t bit = uint64_t{1} << state.depth++;
  state.objects = is_object ? state.objects | bit : state.objects & ~bit;
  return go(state, is_object ? Place::kFirstKey : Place::kFirstElement);
}

bool close(JsonState& state) {
  --state.depth;
  return end_value(state);
}

bool open_string(JsonState& state, bool is_key) {
  state.is_key = is_key;
  return go(state, Place::kString);
}

bool read_value(JsonState& state, uint8_t byte) {
  switch (byte) {
    case '{':
      return open(state, /*is_object=*/true);
    case '[':
      return open(state, /*is_object=*/false);
    case '"':
      return open_string(state, /*is_key=*/false);
    case '-':
      return go(state, Place::kMinus);
    case '0':
      return go(state, Place::kZero);
    case 't':
      return go(state, Place::kLiteral, 1);
    case 'f':
      return go(state, Place::kLiteral, kFalse + 1);
    case 'n':
      return go(state, Place::kLiteral, kNull + 1);
    default:
      return go_if(is_digit(byte), state, Place::kInteger, 1);
  }
}

bool read_after_value(JsonState& state, uint8_t byte) {
  const bool in_object = is_in_object(state);
  if (byte == ',') return go(state, in_object ? Place::kKey : Place::kValue);
  return byte == (in_object ? '}' : ']') && close(state);
}

// Between values, keys and marks.
bool read_structure(JsonState& state, uint8_t byte) {
  if (is_blank(byte)) return read_blank(state);
  state.num_blanks = 0;
  switch (state.place) {
    case Place::kValue:
      return read_value(state, byte);
    case Place::kFirstElement:
      return byte == ']' ? close(state) : read_value(state, byte);
    case Place::kFirstKey:
      return byte == '}' ? close(state) : byte == '"' && open_string(state, /*is_key=*/true);
    case Place::kKey:
      return byte == '"' && open_string(state, /*is_key=*/true);
    case Place::kColon:
      return go_if(byte == ':', state, Place::kValue);
    case Place::kAfterValue:
      return read_after_value(state, byte);
    default:
      return false;
  }
}

bool read_lead(JsonState& state, uint8_t byte) {
  switch (byte) {
    case 0xE0:
      return go(state, Place::kTailE0, 2);
    case 0xED:
      return go(state, Place::kTailED, 2);
    case 0xF0:
      return go(state, Place::kTailF0, 3);
    case 0xF4:
      return go(state, Place::kTailF4, 3);
    default:
      break;
  }
  if (is_between(byte, 0xC2, 0xDF)) return go(state, Place::kTail, 1);
  if (is_between(byte, 0xE1, 0xEF)) return go(state, Place::kTail, 2);
  return go_if(is_between(byte, 0xF1, 0xF3), state, Place::kTail, 3);
}

bool read_tail(JsonState& state, uint8_t byte) {
  const uint8_t low = state.place == Place::kTailE0 ? 0xA0 : state.place == Place::kTailF0 ? 0x90 : 0x80;
  const uint8_t high = state.place == Place::kTailED ? 0x9F : state.place == Place::kTailF4 ? 0x8F : 0xBF;
  if (!is_between(byte, low, high)) return false;
  const auto left = static_cast<uint8_t>(state.count - 1);
  return go(state, left == 0 ? Place::kString : Place::kTail, left);
}

bool read_string(JsonState& state, uint8_t byte) {
  if (byte >= 0x80) return read_lead(state, byte);
  if (byte == '\\') return go(state, Place::kEscape);
  if (byte == '"') close_json_string(state);
  return byte >= 0x20;
}

// Characters beyond U+FFFF are escaped as pairs, whose halves mean nothing alone.
bool read_escape(JsonState& state, uint8_t byte) {
  const uint8_t lower = byte | 0x20;
  const auto left = static_cast<uint8_t>(state.count - 1);
  switch (state.place) {
    case Place::kEscape:
      if (byte == 'u') return go(state, Place::kHexFirst);
      return go_if(std::string_view("\"\\/bfnrt").find(static_cast<char>(byte)) != std::string_view::npos, state,
                   Place::kString);
    case Place::kHexFirst:
      return lower == 'd' ? go(state, Place::kHexD) : go_if(is_hex(byte), state, Place::kHex, 3);
    case Place::kHexD:
      if (is_between(byte, '0', '7')) return go(state, Place::kHex, 2);
      return go_if(byte == '8' || byte == '9' || is_between(lower, 'a', 'b'), state, Place::kHexHigh, 2);
    case Place::kHex:
      return go_if(is_hex(byte), state, left == 0 ? Place::kString : Place::kHex, left);
    case Place::kHexHigh:
      return go_if(is_hex(byte), state, left == 0 ? Place::kLowSlash : Place::kHexHigh, left);
    case Place::kLowSlash:
      return go_if(byte == '\\', state, Place::kLowU);
    case Place::kLowU:
      return go_if(byte == 'u', state, Place::kLowD);
    case Place::kLowD:
      return go_if(lower == 'd', state, Place::kLowC);
    default:
      return go_if(is_between(lower, 'c', 'f'), state, Place::kHex, 2);
  }
}

bool read_literal(JsonState& state, uint8_t byte) {
  if (byte != static_cast<uint8_t>(kLiterals[state.count])) return false;
  ++state.count;
  const bool is_whole = state.count == kFalse || state.count == kNull || state.count == kLiterals.size();
  return !is_whole || end_value(state);
}

// What follows a number also ends it.
bool end_number(JsonState& state, uint8_t byte) {
  end_value(state);
  return read_structure(state, byte);
}

bool read_digits(JsonState& state, uint8_t byte, int most) {
  if (!is_digit(byte)) return end_number(state, byte);
  return ++state.count <= most;
}

bool read_number(JsonState& state, uint8_t byte) {
  const bool is_exponent = (byte | 0x20) == 'e';
  switch (state.place) {
    case Place::kMinus:
      return byte == '0' ? go(state, Place::kZero) : go_if(is_digit(byte), state, Place::kInteger, 1);
    case Place::kZero:
    case Place::kInteger:
      if (byte == '.') return go(state, Place::kPoint);
      if (is_exponent) return go(state, Place::kExponent);
      return state.place == Place::kZero ? !is_digit(byte) && end_number(state, byte)
                                         : read_digits(state, byte, kMaxJsonDigits);
    case Place::kPoint:
      return go_if(is_digit(byte), state, Place::kFraction, 1);
    case Place::kFraction:
      if (is_exponent) return go(state, Place::kExponent);
      return read_digits(state, byte, kMaxJsonDigits);
    case Place::kExponent:
      if (byte == '+' || byte == '-') return go(state, Place::kExponentSign);
      [[fallthrough]];
    case Place::kExponentSign:
      return go_if(is_digit(byte), state, Place::kExponentDigits, 1);
    default:
      return read_digits(state, byte, kMaxExponentDigits);
  }
}

}  // namespace

bool read_json_byte(JsonState& state, uint8_t byte) {
  if (state.place == Place::kString) return read_string(state, byte);
  if (state.place < Place::kString) return read_structure(state, byte);
  if (state.place < Place::kTail) return read_escape(state, byte);
  if (state.place < Place::kMinus) return read_tail(state, byte);
  return state.place == Place::kLiteral ? read_literal(state, byte) : read_number(state, byte);
}

void close_json_string(JsonState& state) {
  if (state.is_key)
    go(state, Place::kColon);
  else
    end_value(state);
}

bool may_json_end(const JsonState& state) {
  const bool is_number = state.place == Place::kZero || state.place == Place::kInteger ||
                         state.place == Place::kFraction || state.place == Place::kExponentDigits;
  return state.place == Place::kDone || (is_number && state.depth == 0);
}

}  // namespace aha::rollout
