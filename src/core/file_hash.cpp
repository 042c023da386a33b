// XXH3-128 of bytes, files and folders, printed as xxh128sum does.
#include <fcntl.h>
#include <fmt/format.h>
#include <xxhash.h>

#include <cerrno>
#include <map>
#include <memory>
#include <vector>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "core/descriptor.h"

namespace aha {
namespace {

constexpr size_t kReadBytes = 1 << 20;

std::string to_hex(XXH128_hash_t hash) { return fmt::format("{:016x}{:016x}", hash.high64, hash.low64); }

}  // namespace

std::string hash_bytes(std::string_view bytes) { return to_hex(XXH3_128bits(bytes.data(), bytes.size())); }

std::string hash_file(const fs::path& path) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), XXH3_freeState);
  XXH3_128bits_reset(state.get());
  std::vector<char> buffer(kReadBytes);
  while (file.is_open()) {
    const ssize_t got = read(file.get(), buffer.data(), buffer.size());
    if (got == 0) return to_hex(XXH3_128bits_digest(state.get()));
    if (got > 0) XXH3_128bits_update(state.get(), buffer.data(), static_cast<size_t>(got));
    if (got < 0 && errno != EINTR) break;
  }
  throw InputError(path.string(), "cannot be read: " + std::generic_category().message(errno));
}

std::string hash_folder(const fs::path& path) {
  std::error_code error;
  fs::recursive_directory_iterator entries(path, error);
  if (error) throw InputError(path.string(), "is no folder that can be read: " + error.message());
  std::map<std::string, fs::path> files;
  for (const auto& entry : entries) {
    if (entry.is_regular_file()) files.emplace(entry.path().lexically_relative(path).generic_string(), entry.path());
  }
  // Each name carries its length, so that no two folders spell the same list.
  std::string list;
  for (const auto& [name, file] : files) list += fmt::format("{}:{}{}", name.size(), name, hash_file(file));
  return hash_bytes(list);
}

}  // namespace aha
