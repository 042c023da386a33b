// safetensors files: a strict reader and a writer of float32.
#pragma once
#include <torch/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "aha/model/model.h"
#include "aha/model/safetensors_header.h"

namespace aha::model {

/// An open file whose header has passed every check. Bytes are read when asked for, with pread: a file that shrinks
/// meanwhile is an error, not a signal.
class SafetensorsFile {
 public:
  /// @throws InputError for a file that is not there, cut off or broken
  explicit SafetensorsFile(std::filesystem::path path);
  const std::filesystem::path& path() const { return path_; }
  const std::vector<SafetensorsEntry>& entries() const { return entries_; }
  /// F64, F32, F16 and BF16, converted. @throws InputError for other dtypes
  torch::Tensor read(const SafetensorsEntry& entry, torch::Dtype dtype) const;

 private:
  void read_at(int64_t offset, void* out, int64_t num_bytes) const;
  struct CloseFile {
    void operator()(int* descriptor) const;
  };
  std::filesystem::path path_;
  std::unique_ptr<int, CloseFile> descriptor_;
  int64_t data_start_ = 0;
  std::vector<SafetensorsEntry> entries_;
};

/// Writes all tensors as F32, in the order given, whole or not at all. @throws IoError
void write_safetensors(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors);

}  // namespace aha::model
