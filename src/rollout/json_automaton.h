// Reads JSON a byte at a time: RFC 8259, with limits that keep a model from writing the same for ever.
#pragma once
#include <cstdint>

namespace aha::rollout {

/// What has been read of one JSON value, in sixteen bytes. Copied freely.
struct JsonState {
  enum class Place : uint8_t {
    kValue,         // a value must come
    kFirstElement,  // behind [: a value or ]
    kFirstKey,      // behind {: a key or }
    kKey,           // behind a comma in an object
    kColon,
    kAfterValue,  // inside a list or an object
    kDone,
    kString,
    kEscape,    // behind a backslash
    kHex,       // `count` digits of \uXXXX are to come
    kHexFirst,  // its first digit
    kHexD,      // behind \uD: 0 to 7, or 8 to B for the first of a pair
    kHexHigh,   // two digits of the first of a pair
    kLowSlash,  // \uDC00 to \uDFFF must follow: its backslash …
    kLowU,      // … its u
    kLowD,      // … its D
    kLowC,      // … and C to F
    kTail,      // `count` bytes of a UTF-8 character are to come
    kTailE0,    // its second byte where the first was E0; the ranges keep overlong forms, surrogates and more than
    kTailED,    // U+10FFFF out
    kTailF0,
    kTailF4,
    kMinus,
    kZero,
    kInteger,  // `count` digits so far
    kPoint,    // a digit must come
    kFraction,
    kExponent,
    kExponentSign,
    kExponentDigits,
    kLiteral,  // `count` is the place in "truefalsenull"
  };
  Place place = Place::kValue;
  bool is_key = false;  // of the string at hand
  uint8_t depth = 0;
  uint8_t count = 0;
  uint16_t num_blanks = 0;  // in a row
  uint64_t objects = 0;     // bit d: what was opened at depth d is an object, not a list

  bool is_inside_character() const { return place >= Place::kTail && place <= Place::kTailF4; }
};

inline constexpr int kMaxJsonDepth = 64, kMaxJsonDigits = 64, kMaxExponentDigits = 2;

/// The characters without one of which some beginning could not be gone on with.
inline constexpr char kJsonCharacters[] = "{}[]:,\"\\0123456789adeflnrstu";

/// Reads a byte. @return false, and anything in `state`, where it may not come
bool read_json_byte(JsonState& state, uint8_t byte);

/// The string at hand ends: what its closing quote does.
void close_json_string(JsonState& state);

/// The text may end: the value is whole, or a number by itself.
bool may_json_end(const JsonState& state);

}  // namespace aha::rollout
