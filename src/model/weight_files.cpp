// Finds, opens and cross-checks the weight files of a folder.
#include "model/weight_files.h"

#include <ATen/ops/empty_like.h>
#include <ATen/ops/equal.h>

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "aha/core/error.h"
#include "model/fp8_blocks.h"
#include "model/json_file.h"

namespace aha::model {

namespace {

constexpr const char* kSingleFile = "model.safetensors";
constexpr const char* kIndexFile = "model.safetensors.index.json";
constexpr int64_t kMaxIndexBytes = 100'000'000;

// A shard lies beside its index: anything that could lead elsewhere is refused.
void check_shard_name(const std::string& name, const std::string& place) {
  const bool is_plain = !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
                        name.find('\\') == std::string::npos && name.find('\0') == std::string::npos;
  if (!is_plain) throw InputError(place, "names the shard " + quote_untrusted(name) + ", which is no plain file name");
}

std::map<std::string, std::string> read_index(const std::filesystem::path& path) {
  const std::string place = path.string();
  const nlohmann::json index = read_json_file(path, kMaxIndexBytes);
  const auto weight_map = index.is_object() ? index.find("weight_map") : index.end();
  if (!index.is_object() || weight_map == index.end() || !weight_map->is_object()) {
    throw InputError(place, "holds no weight_map; download the index again");
  }
  std::map<std::string, std::string> shards;
  for (const auto& [tensor, file] : weight_map->items()) {
    if (!file.is_string()) throw InputError(place, "weight_map." + quote_untrusted(tensor) + " is no file name");
    check_shard_name(file.get<std::string>(), place);
    shards[tensor] = file.get<std::string>();
  }
  return shards;
}

}  // namespace

WeightFiles::WeightFiles(const std::filesystem::path& folder) {
  if (std::filesystem::exists(folder / kSingleFile)) {
    place_ = (folder / kSingleFile).string();
    files_.emplace_back(folder / kSingleFile);
    add(files_.front());
  } else if (std::filesystem::exists(folder / kIndexFile)) {
    place_ = (folder / kIndexFile).string();
    open_shards(folder, read_index(folder / kIndexFile));
  } else {
    throw InputError(folder.string(),
                     fmt::format("has no weights; {} or {} must lie beside config.json", kSingleFile, kIndexFile));
  }
}

void WeightFiles::open_shards(const std::filesystem::path& folder,
                              const std::map<std::string, std::string>& weight_map) {
  std::set<std::string> names;
  for (const auto& [tensor, file] : weight_map) names.insert(file);
  files_.reserve(names.size());
  for (const std::string& name : names) files_.emplace_back(folder / name);
  for (const SafetensorsFile& file : files_) add(file);

  for (const auto& [tensor, file] : weight_map) {
    const auto found = tensors_.find(tensor);
    if (found == tensors_.end() || found->second.file->path().filename() != file) {
      throw InputError(place_, quote_untrusted(tensor) + " is not in the shard " + file + " that the index names");
    }
  }
  for (const auto& [tensor, where] : tensors_) {
    if (!weight_map.contains(tensor)) {
      throw InputError(where.file->path().string(), "holds " + quote_untrusted(tensor) + ", which the index lacks");
    }
  }
}

void WeightFiles::read_into(const std::string& name, at::Tensor out) const {
  const auto [file, entry] = tensors_.at(name);
  if (is_plain_float(*entry)) return file->read_into(*entry, out);
  const auto [scale_file, scale_entry] = tensors_.at(fp8_scale_name(name));
  read_fp8_into(*file, *entry, scale_file->read(*scale_entry, at::kFloat), out);
}

bool WeightFiles::equals(const std::string& name, const at::Tensor& tensor) const {
  const auto [file, entry] = tensors_.at(name);
  if (!is_plain_float(*entry)) {
    at::Tensor values = at::empty_like(tensor);
    read_into(name, values);
    return at::equal(values, tensor);
  }
  bool is_equal = true;
  const at::Tensor flat = tensor.view(-1);
  file->read_blocks(*entry, /*multiple=*/1, [&](int64_t offset, const at::Tensor& block) {
    is_equal = is_equal && at::equal(block.to(tensor.scalar_type()), flat.narrow(0, offset, block.numel()));
  });
  return is_equal;
}

void WeightFiles::add(const SafetensorsFile& file) {
  for (const SafetensorsEntry& entry : file.entries()) {
    if (!tensors_.try_emplace(entry.name, Place{&file, &entry}).second) {
      throw InputError(file.path().string(), "holds " + quote_untrusted(entry.name) + ", which another shard has too");
    }
  }
}

}  // namespace aha::model
