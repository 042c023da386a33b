// TensorBoard's event format: protocol buffers by hand, each in a checked TFRecord frame.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace aha::report {

/// CRC-32C (Castagnoli) of the bytes.
uint32_t crc32c(std::string_view bytes);

/// length, masked CRC of the length, payload, masked CRC of the payload.
std::string tfrecord(std::string_view payload);

/// The first event of a file: says which version the rest is written in.
std::string version_event(double wall_time);
/// Tells TensorBoard to forget what earlier files hold from `step` on: a resumed run writes it again.
std::string restart_event(double wall_time, int64_t step);
/// One scalar a tag.
std::string scalar_event(double wall_time, int64_t step, const std::map<std::string, double>& scalars);

}  // namespace aha::report
