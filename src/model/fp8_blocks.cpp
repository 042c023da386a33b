// Widens FP8 weights, some rows at a time.
#include "model/fp8_blocks.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>

namespace aha::model {

namespace {

constexpr int64_t kBlock = 128;

int64_t num_blocks(int64_t size) { return size / kBlock + (size % kBlock != 0); }

}  // namespace

std::string fp8_scale_name(const std::string& weight) { return weight + "_scale_inv"; }

std::vector<int64_t> fp8_scale_shape(const std::vector<int64_t>& weight) {
  if (weight.size() < 2) return {};
  std::vector<int64_t> shape = weight;
  for (size_t i = shape.size() - 2; i < shape.size(); ++i) shape[i] = num_blocks(shape[i]);
  return shape;
}

void read_fp8_into(const SafetensorsFile& file, const SafetensorsEntry& weight, const at::Tensor& scale,
                   at::Tensor out) {
  const int64_t columns = weight.shape.back(), rows = weight.shape[weight.shape.size() - 2];
  const at::Tensor out_RC = out.view({-1, columns});
  const at::Tensor scale_BC = scale.reshape({-1, num_blocks(columns)});
  file.read_blocks(weight, /*multiple=*/columns, [&](int64_t offset, const at::Tensor& block) {
    // Matrices of experts follow one another, and each begins a block of rows of its own.
    const at::Tensor row = at::arange(block.numel() / columns) + offset / columns;
    const at::Tensor matrix = row.div(rows, "floor");
    const at::Tensor band = matrix * num_blocks(rows) + (row - matrix * rows).div(kBlock, "floor");
    const at::Tensor wide = scale_BC.index_select(0, band).repeat_interleave(kBlock, 1).narrow(1, 0, columns);
    at::Tensor values = block.to(at::kFloat).view({-1, columns}).mul_(wide);
    out_RC.narrow(0, offset / columns, values.size(0)).copy_(values);
  });
}

}  // namespace aha::model
