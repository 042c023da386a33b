// Folders of models for the tests of loading and saving: their tensors, changed and written again.
#pragma once
#include <ATen/core/Tensor.h>
#include <ATen/ops/equal.h>

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/model/model.h"
#include "aha/model/safetensors.h"
#include "unit/core/temporary_folder.h"

namespace aha::model {

inline void expect_same_model(const Model& a, const Model& b) {
  ASSERT_EQ(a.weights().size(), b.weights().size());
  for (const NamedTensor& item : a.weights()) {
    EXPECT_TRUE(at::equal(item.tensor, b.parameter(item.name))) << item.name;
  }
  ASSERT_EQ(a.buffers().size(), b.buffers().size());
  for (const NamedTensor& item : a.buffers()) EXPECT_TRUE(at::equal(item.tensor, b.buffer(item.name))) << item.name;
}

inline std::map<std::string, at::Tensor> tensors_of(const std::filesystem::path& file,
                                                    at::ScalarType dtype = at::kFloat) {
  const SafetensorsFile opened(file);
  std::map<std::string, at::Tensor> tensors;
  for (const SafetensorsEntry& entry : opened.entries()) tensors[entry.name] = opened.read(entry, dtype);
  return tensors;
}

inline std::map<std::string, std::string> dtypes_of(const std::filesystem::path& file) {
  const SafetensorsFile opened(file);
  std::map<std::string, std::string> dtypes;
  for (const SafetensorsEntry& entry : opened.entries()) dtypes[entry.name] = entry.dtype;
  return dtypes;
}

inline const char* dtype_name(at::ScalarType dtype) {
  const std::map<at::ScalarType, const char*> names = {
      {at::kFloat, "F32"},
      {at::kDouble, "F64"},
      {at::kHalf, "F16"},
      {at::kBFloat16, "BF16"},
      {at::kFloat8_e4m3fn, "F8_E4M3"},
      {at::kFloat8_e5m2, "F8_E5M2"},
      {at::kChar, "I8"},
  };
  return names.at(dtype);
}

/// A safetensors file of tensors in the dtypes they have, those included that are read and never written.
inline void write_as_they_are(const std::filesystem::path& path, const std::map<std::string, at::Tensor>& tensors) {
  nlohmann::json header;
  std::string data;
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor values = tensor.contiguous();
    const size_t begin = data.size();
    data.append(static_cast<const char*>(values.data_ptr()), values.nbytes());
    header[name] = {{"dtype", dtype_name(values.scalar_type())},
                    {"shape", values.sizes().vec()},
                    {"data_offsets", {begin, data.size()}}};
  }
  const std::string json = header.dump();
  const uint64_t length = json.size();
  write_file_atomic(path, std::string(reinterpret_cast<const char*>(&length), sizeof length) + json + data);
}

/// What load says of a folder it refuses.
inline std::string refusal_of(const std::filesystem::path& folder, const LoadOptions& options = {}) {
  return test::sentence_of<InputError>([&] { load(folder, options); });
}

}  // namespace aha::model
