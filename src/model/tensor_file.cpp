// The header, then the bytes of each tensor in blocks.
#include "model/tensor_file.h"

#include <ATen/core/grad_mode.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "aha/core/atomic_file.h"
#include "aha/core/error.h"

namespace aha::model {

namespace {

constexpr size_t kAlignment = 8;
constexpr int64_t kBlockElements = 1 << 20;

const char* dtype_name(at::ScalarType dtype) {
  if (dtype == at::kBFloat16) return "BF16";
  if (dtype == at::kHalf) return "F16";
  AHA_CHECK(dtype == at::kFloat, "files hold float32, bfloat16 or float16");
  return "F32";
}

// Written by hand: an ordered object of nlohmann's looks through all of its keys for each new one.
std::string header_json(std::span<const FileTensor> tensors) {
  std::string json = R"({"__metadata__":{"format":"pt"})";
  int64_t offset = 0;
  for (const FileTensor& item : tensors) {
    const int64_t end = offset + item.num_bytes();
    json += fmt::format(R"(,{}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})", nlohmann::json(item.name).dump(),
                        dtype_name(item.dtype), fmt::join(item.shape, ","), offset, end);
    offset = end;
  }
  json += '}';
  json.append((kAlignment - json.size() % kAlignment) % kAlignment, ' ');
  return json;
}

at::Tensor rounded(const at::Tensor& block, const FileTensor& item, const std::string& place) {
  const at::Tensor stored = block.to(at::kCPU, item.dtype).contiguous();
  if (stored.scalar_type() == block.scalar_type() || stored.isfinite().equal(block.isfinite())) return stored;
  throw InputError(place + ": " + item.name,
                   std::string("has values beyond the range of ") + dtype_name(item.dtype) + "; save as float32");
}

void append_tensor(AtomicFile& file, const FileTensor& item, const std::string& place) {
  const at::Tensor values = item.values().detach();
  AHA_CHECK(values.sizes() == at::IntArrayRef(item.shape), item.name);
  const at::Tensor flat = values.reshape(-1);
  for (int64_t start = 0; start < flat.numel(); start += kBlockElements) {
    const int64_t count = std::min(kBlockElements, flat.numel() - start);
    const at::Tensor block = rounded(flat.narrow(0, start, count), item, place);
    file.append({static_cast<const char*>(block.data_ptr()), block.nbytes()});
  }
}

}  // namespace

int64_t FileTensor::num_bytes() const {
  int64_t bytes = static_cast<int64_t>(at::elementSize(dtype));
  for (const int64_t size : shape) bytes *= size;
  return bytes;
}

void write_tensor_file(const std::filesystem::path& path, std::span<const FileTensor> tensors) {
  const at::NoGradGuard no_grad;
  const std::string json = header_json(tensors);
  const uint64_t header_bytes = json.size();
  AtomicFile file(path);
  file.append({reinterpret_cast<const char*>(&header_bytes), sizeof(header_bytes)});
  file.append(json);
  for (const FileTensor& item : tensors) append_tensor(file, item, path.string());
  file.commit();
}

}  // namespace aha::model
