// The weight files of a Hugging Face folder, one or many, as one set of named tensors.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "aha/model/safetensors.h"

namespace aha::model {

class WeightFiles {
 public:
  struct Place {
    const SafetensorsFile* file;
    const SafetensorsEntry* entry;
  };
  /// Opens model.safetensors, or the shards that model.safetensors.index.json names.
  /// @throws InputError where there are none, a shard is broken, or index and shards disagree
  explicit WeightFiles(const std::filesystem::path& folder);
  /// What errors call the whole: the single file's or the index's path.
  const std::string& place() const { return place_; }
  const std::map<std::string, Place>& tensors() const { return tensors_; }
  bool holds(const std::string& name) const { return tensors_.contains(name); }

  /// A tensor the files hold, into one of its shape and any float dtype; FP8 blocks are widened by their scales.
  void read_into(const std::string& name, at::Tensor out) const;
  /// Whether the values, converted to its dtype, are those of `tensor`.
  bool equals(const std::string& name, const at::Tensor& tensor) const;

 private:
  void open_shards(const std::filesystem::path& folder, const std::map<std::string, std::string>& weight_map);
  void add(const SafetensorsFile& file);
  std::string place_;
  std::vector<SafetensorsFile> files_;
  std::map<std::string, Place> tensors_;
};

}  // namespace aha::model
