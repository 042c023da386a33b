// Bytes of tensors between files and memory.
#include "aha/model/safetensors.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>

#include "aha/core/error.h"
#include "model/tensor_file.h"

namespace aha::model {

namespace {

static_assert(std::endian::native == std::endian::little, "safetensors is little-endian");

constexpr int64_t kLengthBytes = 8;
constexpr int64_t kBlockBytes = 8 << 20;

/// None for what is not read.
std::optional<at::ScalarType> stored_dtype(const std::string& name) {
  if (name == "F32") return at::kFloat;
  if (name == "BF16") return at::kBFloat16;
  if (name == "F16") return at::kHalf;
  if (name == "F64") return at::kDouble;
  if (name == "F8_E4M3") return at::kFloat8_e4m3fn;
  return std::nullopt;
}

}  // namespace

bool is_plain_float(const SafetensorsEntry& entry) { return entry.dtype != "F8_E4M3" && stored_dtype(entry.dtype); }

SafetensorsFile::SafetensorsFile(std::filesystem::path path) : path_(std::move(path)) {
  const int descriptor = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw InputError(path_.string(), std::string("cannot be read: ") + std::strerror(errno));
  descriptor_.reset(new int(descriptor));
  struct stat status {};
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) throw InputError(path_.string(), "is no plain file");

  uint64_t header_bytes = 0;
  if (status.st_size < kLengthBytes) throw InputError(path_.string(), "is too short for a safetensors file");
  read_at(0, &header_bytes, kLengthBytes);
  if (header_bytes > static_cast<uint64_t>(kMaxSafetensorsHeaderBytes)) {
    throw InputError(path_.string(), "claims a header above 100 MB; this is no safetensors file");
  }
  data_start_ = kLengthBytes + static_cast<int64_t>(header_bytes);
  if (data_start_ > status.st_size) throw InputError(path_.string(), "ends inside its header; the file is cut off");
  std::string json(header_bytes, '\0');
  read_at(kLengthBytes, json.data(), static_cast<int64_t>(header_bytes));
  entries_ = parse_safetensors_header(json, status.st_size - data_start_, path_.string());
}

void SafetensorsFile::CloseFile::operator()(int* descriptor) const {
  close(*descriptor);
  delete descriptor;
}

void SafetensorsFile::read_at(int64_t offset, void* out, int64_t num_bytes) const {
  for (int64_t done = 0; done < num_bytes;) {
    const ssize_t got = pread(*descriptor_, static_cast<char*>(out) + done, num_bytes - done, offset + done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw IoError("read", path_.string(), errno);
    if (got == 0) throw InputError(path_.string(), "became shorter while it was read");
    done += got;
  }
}

at::Tensor SafetensorsFile::read(const SafetensorsEntry& entry, at::ScalarType dtype) const {
  check_plain(entry);
  at::Tensor values = at::empty(entry.shape, dtype);
  read_into(entry, values);
  return values;
}

void SafetensorsFile::read_into(const SafetensorsEntry& entry, at::Tensor out) const {
  check_plain(entry);
  AHA_CHECK(out.sizes() == at::IntArrayRef(entry.shape) && out.is_contiguous(), entry.name);
  const at::NoGradGuard no_grad;
  if (out.scalar_type() == *stored_dtype(entry.dtype)) {
    return read_at(data_start_ + entry.begin, out.data_ptr(), entry.end - entry.begin);
  }
  const at::Tensor flat = out.view(-1);
  read_blocks(entry, /*multiple=*/1,
              [&](int64_t offset, const at::Tensor& block) { flat.narrow(0, offset, block.numel()).copy_(block); });
}

void SafetensorsFile::read_blocks(const SafetensorsEntry& entry, int64_t multiple, const BlockVisitor& visit) const {
  const std::optional<at::ScalarType> dtype = stored_dtype(entry.dtype);
  AHA_CHECK(dtype, entry.name);
  const int64_t element_bytes = static_cast<int64_t>(at::elementSize(*dtype));
  const int64_t count = (entry.end - entry.begin) / element_bytes;
  const int64_t most = std::max<int64_t>(kBlockBytes / element_bytes / multiple, 1) * multiple;
  const at::Tensor buffer = at::empty({std::min(count, most)}, *dtype);
  for (int64_t offset = 0; offset < count; offset += most) {
    const at::Tensor block = buffer.narrow(0, 0, std::min(most, count - offset));
    read_at(data_start_ + entry.begin + offset * element_bytes, block.data_ptr(), block.numel() * element_bytes);
    visit(offset, block);
  }
}

void SafetensorsFile::check_plain(const SafetensorsEntry& entry) const {
  if (is_plain_float(entry)) return;
  throw InputError(path_.string() + ": " + quote_untrusted(entry.name),
                   "dtype " + entry.dtype + " is not read; convert the weights to BF16 or F32");
}

void write_safetensors(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors) {
  std::vector<FileTensor> plan;
  for (const NamedTensor& item : tensors) {
    plan.push_back({item.name, item.tensor.sizes().vec(), at::kFloat, [tensor = item.tensor] { return tensor; }});
  }
  write_tensor_file(path, plan);
}

}  // namespace aha::model
