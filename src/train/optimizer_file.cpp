// An optimizer's moments and average as optimizer.safetensors, so that a resumed run goes on with the same bits.
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <fmt/format.h>

#include "aha/core/error.h"
#include "aha/model/safetensors.h"
#include "aha/train/optimizer.h"

namespace aha::train {
namespace {

constexpr int64_t kMostSteps = int64_t{1} << 24;  // float32 counts that far exactly
const char* const kFileName = "optimizer.safetensors";

using Tensors = std::vector<model::NamedTensor>;

struct Part {
  const char* prefix;
  const std::vector<at::Tensor>& tensors;  // one a parameter, or undefined
};

// The file's layout; the tensors are the optimizer's own, so reading fills them in place.
Tensors file_layout(const model::Model& model, const std::vector<Part>& parts, const at::Tensor& step) {
  Tensors tensors{{"steps_done", step}};
  for (size_t p = 0; p < model.parameters().size(); ++p) {
    for (const Part& part : parts) {
      if (part.tensors[p].defined()) tensors.push_back({part.prefix + model.parameters()[p].name, part.tensors[p]});
    }
  }
  return tensors;
}

// All are checked before one is changed.
void check_entries(const std::vector<model::SafetensorsEntry>& entries, const Tensors& expected,
                   const std::string& place) {
  const std::string advice = "; the checkpoint belongs to another model, remove it or restore the recipe";
  if (entries.size() != expected.size()) {
    throw InputError(place, fmt::format("holds {} tensors, this model's optimizer has {}{}", entries.size(),
                                        expected.size(), advice));
  }
  for (size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].name != expected[i].name) {
      throw InputError(place, fmt::format("{} is missing{}", expected[i].name, advice));
    }
    if (at::IntArrayRef(entries[i].shape) != expected[i].tensor.sizes()) {
      throw InputError(place, fmt::format("{} has another shape than the model's{}", expected[i].name, advice));
    }
  }
}

}  // namespace

void Optimizer::save(const model::Model& model, const std::filesystem::path& folder) const {
  AHA_CHECK(!is_swapped_, "the average stands in the model's place: exchange them before saving");
  AHA_CHECK(steps_done_ < kMostSteps, "more optimizer steps than the file can count");
  const at::Tensor step = at::tensor({static_cast<double>(steps_done_)}, at::kDouble);
  model::write_safetensors(
      folder / kFileName,
      file_layout(model, {{"first_moment.", first_}, {"second_moment.", second_}, {"average.", average_}}, step));
}

void Optimizer::load(const model::Model& model, const std::filesystem::path& folder) {
  AHA_CHECK(!is_swapped_, "the average stands in the model's place: exchange them before loading");
  const model::SafetensorsFile file(folder / kFileName);
  const at::Tensor step = at::zeros({1}, at::kDouble);
  const Tensors expected =
      file_layout(model, {{"first_moment.", first_}, {"second_moment.", second_}, {"average.", average_}}, step);
  check_entries(file.entries(), expected, file.path().string());
  for (size_t i = 0; i < expected.size(); ++i) {
    expected[i].tensor.copy_(file.read(file.entries()[i], expected[i].tensor.scalar_type()));
  }
  const double steps = step.item<double>();
  if (!(steps >= 0 && steps < static_cast<double>(kMostSteps))) {
    throw InputError(file.path().string(), "steps_done is no count; the file is damaged, remove the checkpoint");
  }
  steps_done_ = static_cast<int64_t>(steps);
}

}  // namespace aha::train
