// The bytes of TensorBoard events, worked by hand.
#include "report/event_record.h"

#include <gtest/gtest.h>

namespace aha::report::event_record_test {
namespace {

TEST(Crc32c, MatchesPublishedValues) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);              // the check value of CRC-32C
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);    // RFC 3720, B.4
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43u);  // RFC 3720, B.4
  EXPECT_EQ(crc32c(""), 0u);
}

TEST(TfRecord, FramesAPayload) {
  const std::string record = tfrecord("abc");
  ASSERT_EQ(record.size(), 8 + 4 + 3 + 4u);
  EXPECT_EQ(record.substr(0, 8), std::string("\x03\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(record.substr(12, 3), "abc");
  const auto stored = [&](size_t place) {
    uint32_t value = 0;
    for (size_t i = 0; i < 4; ++i) value |= uint32_t{static_cast<uint8_t>(record[place + i])} << (8 * i);
    return value;
  };
  const auto masked = [](uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xA282EAD8u; };
  EXPECT_EQ(stored(8), masked(crc32c(record.substr(0, 8))));
  EXPECT_EQ(stored(15), masked(crc32c("abc")));
}

// wall_time 1.0 (field 1, 64 bits), step (field 2, varint), then the event's own field.
const std::string kWallTime("\x09\0\0\0\0\0\0\xf0\x3f", 9);

TEST(Event, VersionComesFirst) {
  EXPECT_EQ(version_event(1.0), kWallTime + std::string("\x10\x00\x1a\x0d", 4) + "brain.Event:2");
}

TEST(Event, ScalarsAreTaggedValues) {
  // Step 300 is the varint ac 02; 0.5 is 3f000000 as float32; value 7 bytes long each side of the tag "kl".
  const std::string value("\x0a\x02kl\x15\x00\x00\x00\x3f", 9);
  const std::string summary = std::string("\x0a\x09", 2) + value;
  EXPECT_EQ(scalar_event(1.0, 300, {{"kl", 0.5}}), kWallTime + "\x10\xac\x02" + std::string("\x2a\x0b", 2) + summary);
}

TEST(Event, ARestartIsASessionThatStarts) {
  EXPECT_EQ(restart_event(1.0, 5), kWallTime + std::string("\x10\x05\x3a\x02\x08\x01", 6));
}

}  // namespace
}  // namespace aha::report::event_record_test
