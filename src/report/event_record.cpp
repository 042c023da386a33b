// Field numbers are those of tensorflow/core/util/event.proto and summary.proto.
#include "report/event_record.h"

#include <array>
#include <bit>

namespace aha::report {
namespace {

constexpr uint32_t kCastagnoli = 0x82F63B78;  // bits reversed
constexpr uint32_t kMaskDelta = 0xA282EAD8;

enum WireType : uint64_t { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5 };

namespace event_field {
constexpr uint64_t kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7;
}
namespace summary_field {
constexpr uint64_t kValue = 1, kTag = 1, kSimpleValue = 2;
}
namespace session_field {
constexpr uint64_t kStatus = 1, kStart = 1;
}

constexpr std::array<uint32_t, 256> make_crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? kCastagnoli : 0);
    table[byte] = crc;
  }
  return table;
}
constexpr auto kCrcTable = make_crc_table();

// Bytes from the lowest to the highest, whatever the machine's own order.
template <class Unsigned>
void put_fixed(std::string& out, Unsigned value) {
  for (size_t i = 0; i < sizeof(Unsigned); ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
}

void put_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7F) | 0x80);
  out += static_cast<char>(value);
}

void put_key(std::string& out, uint64_t field, WireType type) { put_varint(out, field << 3 | type); }

void put_bytes(std::string& out, uint64_t field, std::string_view bytes) {
  put_key(out, field, kLengthDelimited);
  put_varint(out, bytes.size());
  out += bytes;
}

uint32_t masked_crc(std::string_view bytes) {
  const uint32_t crc = crc32c(bytes);
  return ((crc >> 15) | (crc << 17)) + kMaskDelta;
}

std::string event_head(double wall_time, int64_t step) {
  std::string event;
  put_key(event, event_field::kWallTime, kFixed64);
  put_fixed(event, std::bit_cast<uint64_t>(wall_time));
  put_key(event, event_field::kStep, kVarint);
  put_varint(event, static_cast<uint64_t>(step));
  return event;
}

std::string scalar_value(const std::string& tag, double scalar) {
  std::string value;
  put_bytes(value, summary_field::kTag, tag);
  put_key(value, summary_field::kSimpleValue, kFixed32);
  put_fixed(value, std::bit_cast<uint32_t>(static_cast<float>(scalar)));
  return value;
}

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  uint32_t crc = 0xFFFFFFFF;
  for (const char byte : bytes) crc = (crc >> 8) ^ kCrcTable[(crc ^ static_cast<uint8_t>(byte)) & 0xFF];
  return ~crc;
}

std::string tfrecord(std::string_view payload) {
  std::string record;
  put_fixed(record, static_cast<uint64_t>(payload.size()));
  put_fixed(record, masked_crc(record));
  record += payload;
  put_fixed(record, masked_crc(payload));
  return record;
}

std::string version_event(double wall_time) {
  std::string event = event_head(wall_time, 0);
  put_bytes(event, event_field::kFileVersion, "brain.Event:2");
  return event;
}

std::string restart_event(double wall_time, int64_t step) {
  std::string log;
  put_key(log, session_field::kStatus, kVarint);
  put_varint(log, session_field::kStart);
  std::string event = event_head(wall_time, step);
  put_bytes(event, event_field::kSessionLog, log);
  return event;
}

std::string scalar_event(double wall_time, int64_t step, const std::map<std::string, double>& scalars) {
  std::string summary;
  for (const auto& [tag, scalar] : scalars) put_bytes(summary, summary_field::kValue, scalar_value(tag, scalar));
  std::string event = event_head(wall_time, step);
  put_bytes(event, event_field::kSummary, summary);
  return event;
}

}  // namespace aha::report
