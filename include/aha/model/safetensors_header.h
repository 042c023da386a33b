// The header of a safetensors file, read without trust: every rule of the format is checked before a byte is used.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aha::model {

inline constexpr int64_t kMaxSafetensorsHeaderBytes = 100'000'000;
inline constexpr int64_t kMaxSafetensorsTensors = 1'000'000;
inline constexpr int64_t kMaxSafetensorsRank = 16;
inline constexpr int64_t kMaxSafetensorsNameBytes = 1024;

struct SafetensorsEntry {
  std::string name;
  std::string dtype;           // "F32", "BF16", …
  std::vector<int64_t> shape;  // product times element size is end - begin
  int64_t begin = 0, end = 0;  // bytes after the header
};

/// Bits of an element of a dtype of the format; 0 for an unknown one.
int64_t safetensors_dtype_bits(std::string_view dtype);

/// Entries in file order: contiguous from 0 to data_bytes, names distinct.
/// @param json the header's bytes, without the 8 of its length
/// @param place names the file in errors. @throws InputError for whatever breaks the format
std::vector<SafetensorsEntry> parse_safetensors_header(std::string_view json, int64_t data_bytes,
                                                       const std::string& place);

/// A name from a file as a sentence may print it: quoted, escaped, cut.
std::string quote_untrusted(std::string_view name);

}  // namespace aha::model
