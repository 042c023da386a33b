// Prompts by how many have been taken, whatever the steps take at a time.
#include "pipeline/prompt_order.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace aha::pipeline::prompt_order_test {
namespace {

PromptOrder order_of(int64_t count, uint64_t seed = 3) {
  data::PromptBatch prompts(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) prompts[static_cast<size_t>(i)].id = i;
  return PromptOrder(std::move(prompts), seed, "prompts/zero");
}

std::vector<int64_t> ids(PromptOrder order, int64_t num_taken, int64_t count) {
  std::vector<int64_t> ids;
  for (const data::Prompt& prompt : order.next(num_taken, count)) ids.push_back(prompt.id);
  return ids;
}

TEST(PromptOrder, EachPassHasAllPromptsInAnOrderOfItsOwn) {
  const auto first = ids(order_of(12), 0, 12), second = ids(order_of(12), 12, 12);
  std::vector<int64_t> all(12);
  for (int64_t i = 0; i < 12; ++i) all[static_cast<size_t>(i)] = i;
  EXPECT_TRUE(std::is_permutation(first.begin(), first.end(), all.begin()));
  EXPECT_TRUE(std::is_permutation(second.begin(), second.end(), all.begin()));
  EXPECT_NE(first, second);
  EXPECT_NE(first, ids(order_of(12, 4), 0, 12));
}

TEST(PromptOrder, DependsOnWhatWasTakenAndNotOnTheSteps) {
  const auto whole = ids(order_of(5), 0, 23);
  PromptOrder order = order_of(5);
  std::vector<int64_t> pieces;
  for (const int64_t count : {4, 0, 7, 1, 11}) {
    for (const data::Prompt& prompt : order.next(std::ssize(pieces), count)) pieces.push_back(prompt.id);
  }
  EXPECT_EQ(pieces, whole);
  EXPECT_EQ(ids(order_of(5), 9, 14), std::vector<int64_t>(whole.begin() + 9, whole.end()));
}

}  // namespace
}  // namespace aha::pipeline::prompt_order_test
