// Trained tensors in a file: the same bits back, and files of other models refused whole.
#include <ATen/ops/equal.h>

#include "aha/train/parameter_file.h"

#include <gtest/gtest.h>

#include "aha/core/error.h"
#include "support/tiny_model.h"
#include "unit/core/temporary_folder.h"

namespace aha::train::parameter_file_test {
namespace {

model::Model adapted(int64_t rank, uint64_t seed) {
  model::Model model = model::Model::make(test::tiny_config(), 3);
  model.add_lora({.r = rank, .target_modules = {"o_proj"}}, seed);
  return model;
}

bool same_parameters(const model::Model& a, const model::Model& b) {
  for (size_t i = 0; i < a.parameters().size(); ++i) {
    if (!at::equal(a.parameters()[i].tensor, b.parameters()[i].tensor)) return false;
  }
  return a.parameters().size() == b.parameters().size();
}

TEST(ParameterFile, GivesAdaptersBack) {
  const test::TemporaryFolder folder;
  const model::Model written = adapted(2, 5);
  model::Model read = adapted(2, 6);
  EXPECT_FALSE(same_parameters(written, read));
  save_parameters(written, folder / "p.safetensors");
  load_parameters(read, folder / "p.safetensors");
  EXPECT_TRUE(same_parameters(written, read));
  EXPECT_TRUE(read.parameters().front().tensor.requires_grad());
}

TEST(ParameterFile, OfAnotherModelChangesNothing) {
  const test::TemporaryFolder folder;
  save_parameters(adapted(2, 5), folder / "p.safetensors");
  model::Model wider = adapted(4, 6), whole = model::Model::make(test::tiny_config(), 3);
  const auto complaint = [&](model::Model& model) {
    return test::sentence_of<InputError>([&] { load_parameters(model, folder / "p.safetensors"); });
  };
  EXPECT_NE(complaint(wider).find("has another shape than the model's"), std::string::npos);
  EXPECT_NE(complaint(whole).find("holds another number of tensors"), std::string::npos);
  EXPECT_TRUE(same_parameters(wider, adapted(4, 6)));
}

}  // namespace
}  // namespace aha::train::parameter_file_test
