// safetensors files: a strict reader and a writer of float32.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "aha/model/model.h"
#include "aha/model/safetensors_header.h"

namespace aha::model {

/// An open file whose header has passed every check. Bytes are read when asked for, with pread and not through a map:
/// a file that shrinks meanwhile is an error and no signal, and its pages do not stand in the process's memory beside
/// the tensors they are copied to.
class SafetensorsFile {
 public:
  /// @throws InputError for a file that is not there, cut off or broken
  explicit SafetensorsFile(std::filesystem::path path);
  const std::filesystem::path& path() const { return path_; }
  const std::vector<SafetensorsEntry>& entries() const { return entries_; }
  /// F64, F32, F16 and BF16, converted. @throws InputError for other dtypes
  at::Tensor read(const SafetensorsEntry& entry, at::ScalarType dtype) const;
  /// The same into a contiguous tensor of the entry's shape; memory: a block of 8 MB.
  void read_into(const SafetensorsEntry& entry, at::Tensor out) const;
  /// Values as they are stored, F8_E4M3 too, in blocks of about 8 MB whose length is a multiple of `multiple` or the
  /// rest. A block is flat, its offset counts elements, and it is gone after the call.
  using BlockVisitor = std::function<void(int64_t offset, const at::Tensor& block)>;
  void read_blocks(const SafetensorsEntry& entry, int64_t multiple, const BlockVisitor& visit) const;

 private:
  void read_at(int64_t offset, void* out, int64_t num_bytes) const;
  void check_plain(const SafetensorsEntry& entry) const;
  struct CloseFile {
    void operator()(int* descriptor) const;
  };
  std::filesystem::path path_;
  std::unique_ptr<int, CloseFile> descriptor_;
  int64_t data_start_ = 0;
  std::vector<SafetensorsEntry> entries_;
};

/// Whether SafetensorsFile::read takes the entry's dtype.
bool is_plain_float(const SafetensorsEntry& entry);

/// Writes all tensors as F32, in the order given, whole or not at all. @throws IoError
void write_safetensors(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors);

}  // namespace aha::model
