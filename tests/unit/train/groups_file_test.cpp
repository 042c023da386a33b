// Waiting groups on disk: the same bits back, and a sentence for every kind of damage.
#include "train/groups_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "unit/core/temporary_folder.h"

namespace aha::train::groups_file_test {
namespace {

using data::FinishReason;
using test::sentence_of;
using test::TemporaryFolder;
using testing::HasSubstr;

data::PromptBatch prompts() {
  data::PromptBatch prompts(10);
  for (int64_t i = 0; i < 10; ++i) {
    prompts[static_cast<size_t>(i)].id = i;
    prompts[static_cast<size_t>(i)].token_ids = {static_cast<int32_t>(i), 5};
  }
  return prompts;
}

data::Completion completion(int64_t sample, FinishReason reason, std::vector<float> logprobs, std::string text = {}) {
  data::Completion completion;
  completion.sample_index = sample;
  completion.finish_reason = reason;
  completion.logprobs = logprobs;
  completion.policy_logprobs = logprobs;
  for (float& value : completion.policy_logprobs) value *= 1.1f;
  for (size_t t = 0; t < logprobs.size(); ++t) {
    completion.token_ids.push_back(static_cast<int32_t>(2'147'483'647 - t));
    completion.policy_versions.push_back(static_cast<int32_t>(t));
  }
  completion.text = std::move(text);
  return completion;
}

Groups groups() {
  Groups groups(3);
  groups[0] = {.prompt = prompts()[7], .step = 3};
  groups[0].completions = {completion(0, FinishReason::kUnfinished, {-0.1f, -1e-38f, -87.33655f}),
                           completion(1, FinishReason::kStop, {-1.0f / 3}, "a\xe4\xbd\"\n")};  // half a character
  groups[1] = {.prompt = prompts()[2], .step = 4};
  groups[1].completions = {completion(0, FinishReason::kLength, {0.0f, -0.0f}, "b"),
                           completion(1, FinishReason::kUnfinished, {})};
  groups[2] = groups[1];  // the same prompt once more
  return groups;
}

std::string bytes_of(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

TEST(GroupsFile, GivesBackTheSameBits) {
  const TemporaryFolder folder;
  save_groups(folder / "groups.jsonl", groups());
  const Groups loaded = load_groups(folder / "groups.jsonl", prompts(), 2);
  const Groups expected = groups();
  ASSERT_EQ(loaded.size(), expected.size());
  for (size_t g = 0; g < expected.size(); ++g) {
    EXPECT_EQ(loaded[g].prompt.id, expected[g].prompt.id);
    EXPECT_EQ(loaded[g].prompt.token_ids, expected[g].prompt.token_ids);
    EXPECT_EQ(loaded[g].step, expected[g].step);
    ASSERT_EQ(loaded[g].completions.size(), 2u);
    for (size_t s = 0; s < 2; ++s) {
      const data::Completion &a = loaded[g].completions[s], &b = expected[g].completions[s];
      EXPECT_EQ(a.sample_index, b.sample_index);
      EXPECT_EQ(a.finish_reason, b.finish_reason);
      EXPECT_EQ(a.token_ids, b.token_ids);
      EXPECT_EQ(a.policy_versions, b.policy_versions);
      EXPECT_EQ(bytes_of(a.logprobs), bytes_of(b.logprobs));
      EXPECT_EQ(bytes_of(a.policy_logprobs), bytes_of(b.policy_logprobs));
      EXPECT_EQ(a.text, b.text);
    }
  }
}

TEST(GroupsFile, ExpertsComeBackWhereTheyWereRecorded) {
  const TemporaryFolder folder;
  Groups recorded = groups();
  recorded[0].prompt_routing = {0, 255, 7, 7};
  recorded[0].completions[0].routing = {1, 2, 3, 4};
  save_groups(folder / "groups.jsonl", recorded);
  const Groups loaded = load_groups(folder / "groups.jsonl", prompts(), 2);
  EXPECT_EQ(loaded[0].prompt_routing, recorded[0].prompt_routing);
  EXPECT_EQ(loaded[0].completions[0].routing, recorded[0].completions[0].routing);
  EXPECT_TRUE(loaded[0].completions[1].routing.empty());
  EXPECT_TRUE(loaded[1].prompt_routing.empty());
}

TEST(GroupsFile, NoGroupsAreAFileToo) {
  const TemporaryFolder folder;
  save_groups(folder / "groups.jsonl", {});
  EXPECT_TRUE(load_groups(folder / "groups.jsonl", prompts(), 2).empty());
  EXPECT_THROW(load_groups(folder / "absent.jsonl", prompts(), 2), InputError);
}

struct Damage {
  const char* title;
  std::string from, to, mention;
};
class DamagedGroupsFile : public testing::TestWithParam<Damage> {};

TEST_P(DamagedGroupsFile, IsRefusedWithItsLine) {
  const Damage& damage = GetParam();
  const TemporaryFolder folder;
  const auto file = folder / "groups.jsonl";
  save_groups(file, groups());
  std::string text = read_file(file);
  const size_t place = text.find(damage.from);
  ASSERT_NE(place, std::string::npos);
  std::ofstream(file) << text.replace(place, damage.from.size(), damage.to);
  EXPECT_THAT(sentence_of<InputError>([&] { load_groups(file, prompts(), 2); }), HasSubstr(damage.mention));
}

const Damage kDamages[] = {
    {"unknown prompt", R"("prompt":7)", R"("prompt":17)", "jsonl:1: there is no prompt 17"},
    {"other prompt", R"("prompt":7,"step":3,"sample":1)", R"("prompt":2,"step":3,"sample":1)",
     "jsonl:2: sample 1 does not follow"},
    {"other step", R"("step":3,"sample":1)", R"("step":2,"sample":1)", "jsonl:2: sample 1 does not follow"},
    {"sample left out", R"("sample":1)", R"("sample":2)", "jsonl:2: sample 2 does not follow"},
    {"begins inside", R"("sample":0)", R"("sample":1)", "jsonl:1: sample 1 does not follow"},
    {"group too short", R"("sample":1)", R"("sample":0)", "prompt 7 has 1 completions instead of 2"},
    {"negative token", R"("token_ids":[2147483647)", R"("token_ids":[-1)", "`token_ids` holds something"},
    {"token too large", R"("token_ids":[2147483647)", R"("token_ids":[2147483648)", "`token_ids` holds something"},
    {"no list", R"("policy_versions":[0,1,2])", R"("policy_versions":3)", "`policy_versions` is no list"},
    {"short list", R"("policy_versions":[0,1,2])", R"("policy_versions":[0,1])", "not one entry a token"},
    {"huge number", R"("logprobs":[-0.1)", R"("logprobs":[1e300,-0.1)", "`logprobs` holds a number"},
    {"word", R"("logprobs":[)", R"("logprobs":["x",)", "`logprobs` holds something"},
    {"reason", R"("unfinished")", R"("tired")", "`finish_reason` is unknown"},
    {"key", R"("text")", R"("txt")", "has no `text`"},
    {"byte", R"("text":[97,)", R"("text":[256,)", "`text` holds something"},
    {"cut off", R"("text":[98]})", R"("text":[9)", "jsonl:3"},
};
INSTANTIATE_TEST_SUITE_P(All, DamagedGroupsFile, testing::ValuesIn(kDamages), [](const auto& info) {
  std::string name = info.param.title;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
});

TEST(GroupsFile, OfAnotherGroupSizeIsRefused) {
  const TemporaryFolder folder;
  save_groups(folder / "groups.jsonl", groups());
  EXPECT_THAT(sentence_of<InputError>([&] { load_groups(folder / "groups.jsonl", prompts(), 3); }),
              HasSubstr("prompt 7 has 2 completions instead of 3"));
}

}  // namespace
}  // namespace aha::train::groups_file_test
