// Bytes of tensors between files and memory.
#include "aha/model/safetensors.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "aha/core/error.h"
#include "aha/core/file.h"

namespace aha::model {

namespace {

static_assert(std::endian::native == std::endian::little, "safetensors is little-endian");

constexpr int64_t kLengthBytes = 8;
constexpr size_t kAlignment = 8;

torch::Dtype stored_dtype(const SafetensorsEntry& entry, const std::string& place) {
  if (entry.dtype == "F32") return torch::kFloat32;
  if (entry.dtype == "BF16") return torch::kBFloat16;
  if (entry.dtype == "F16") return torch::kFloat16;
  if (entry.dtype == "F64") return torch::kFloat64;
  throw InputError(place + ": " + quote_untrusted(entry.name),
                   "dtype " + entry.dtype + " is not read; convert the weights to BF16 or F32");
}

std::string header_json(const std::vector<NamedTensor>& tensors) {
  nlohmann::ordered_json header;
  header["__metadata__"] = {{"format", "pt"}};
  int64_t offset = 0;
  for (const NamedTensor& item : tensors) {
    const int64_t end = offset + item.tensor.numel() * static_cast<int64_t>(sizeof(float));
    header[item.name] = {{"dtype", "F32"}, {"shape", item.tensor.sizes().vec()}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string json = header.dump();
  json.append((kAlignment - json.size() % kAlignment) % kAlignment, ' ');
  return json;
}

}  // namespace

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

torch::Tensor SafetensorsFile::read(const SafetensorsEntry& entry, torch::Dtype dtype) const {
  torch::Tensor stored = torch::empty(entry.shape, stored_dtype(entry, path_.string()));
  read_at(data_start_ + entry.begin, stored.data_ptr(), entry.end - entry.begin);
  return stored.to(dtype);
}

void write_safetensors(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors) {
  const std::string json = header_json(tensors);
  const uint64_t header_bytes = json.size();
  size_t total = kLengthBytes + json.size();
  for (const NamedTensor& item : tensors) total += item.tensor.numel() * sizeof(float);

  std::string bytes;
  bytes.reserve(total);
  bytes.append(reinterpret_cast<const char*>(&header_bytes), kLengthBytes).append(json);
  for (const NamedTensor& item : tensors) {
    const torch::Tensor values = item.tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous();
    bytes.append(reinterpret_cast<const char*>(values.data_ptr<float>()), values.numel() * sizeof(float));
  }
  write_file_atomic(path, bytes);
}

}  // namespace aha::model
