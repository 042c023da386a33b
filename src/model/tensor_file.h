// Writes a safetensors file of any float dtype, a block at a time.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace aha::model {

/// A tensor that is to be written.
struct FileTensor {
  std::string name;
  std::vector<int64_t> shape;
  at::ScalarType dtype;                // in the file: float32, bfloat16 or float16; others become it, to nearest even
  std::function<at::Tensor()> values;  // asked for when its turn comes, and let go after it

  int64_t num_bytes() const;  ///< in the file
};

/// Tensors in the order given, whole or not at all; memory: one tensor's values and a block.
/// @throws IoError; InputError naming a tensor with finite values beyond the dtype's range
void write_tensor_file(const std::filesystem::path& path, std::span<const FileTensor> tensors);

}  // namespace aha::model
