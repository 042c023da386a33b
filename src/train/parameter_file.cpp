// Trained tensors under their own names, bit for bit.
#include "aha/train/parameter_file.h"

#include <ATen/core/grad_mode.h>

#include "aha/core/error.h"
#include "aha/model/safetensors.h"

namespace aha::train {
namespace {

// All are checked before one is changed.
void check_entries(const std::vector<model::SafetensorsEntry>& entries, const std::vector<model::NamedTensor>& expected,
                   const std::string& place) {
  const std::string advice = "; the checkpoint belongs to another model, remove it or restore the recipe";
  if (entries.size() != expected.size()) throw InputError(place, "holds another number of tensors" + advice);
  for (size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].name != expected[i].name) throw InputError(place, expected[i].name + " is missing" + advice);
    if (at::IntArrayRef(entries[i].shape) == expected[i].tensor.sizes()) continue;
    throw InputError(place, expected[i].name + " has another shape than the model's" + advice);
  }
}

}  // namespace

void save_parameters(const model::Model& model, const std::filesystem::path& file) {
  model::write_safetensors(file, model.parameters());
}

void load_parameters(model::Model& model, const std::filesystem::path& file) {
  const model::SafetensorsFile saved(file);
  const std::vector<model::NamedTensor>& parameters = model.parameters();
  check_entries(saved.entries(), parameters, file.string());
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < parameters.size(); ++i) {
    at::Tensor tensor = parameters[i].tensor;
    tensor.copy_(saved.read(saved.entries()[i], tensor.scalar_type()));
  }
}

}  // namespace aha::train
