// Documents of the corpus: their shapes, their shares, and what must not appear in them.
#include "aha/data/corpus.h"

#include <gtest/gtest.h>

#include "aha/core/error.h"
#include "aha/data/template.h"

namespace aha::data::corpus_test {
namespace {

constexpr uint64_t kCount = 6000;

CorpusConfig bilingual() {
  CorpusConfig config;
  config.options.min_terms = 3;
  config.options.languages = {"en", "zh"};
  return config;
}

// Within four standard deviations of a binomial share.
void expect_share(double count, double total, double share, const char* what) {
  EXPECT_NEAR(count, total * share, 4 * std::sqrt(total * share * (1 - share))) << what;
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

TEST(Corpus, IsTheSameForTheSameSeedInAnyOrder) {
  const Corpus one(bilingual(), 3), two(bilingual(), 3), other(bilingual(), 4);
  int differing = 0;
  for (uint64_t i = 0; i < 50; ++i) {
    const Document late = two.document(49 - i);
    EXPECT_EQ(one.document(49 - i).prompt, late.prompt);
    EXPECT_EQ(one.document(49 - i).completion, late.completion);
    differing += other.document(i).prompt != one.document(i).prompt;
  }
  EXPECT_GT(differing, 40);
}

TEST(Corpus, HasItsShares) {
  const Corpus corpus(bilingual(), 1);
  int drills = 0, untagged = 0, worked = 0, checked = 0, direct = 0, mixed = 0;
  for (uint64_t i = 0; i < kCount; ++i) {
    const Document document = corpus.document(i);
    const auto pluses = std::count(document.prompt.begin(), document.prompt.end(), '+');
    untagged += !has(document.completion, "<think>");
    if (pluses == 1) {
      ++drills;
      continue;
    }
    const bool is_checked = has(document.completion, "check") || has(document.completion, "验");
    const bool is_worked = has(document.completion, ">add") || has(document.completion, ">加") ||
                           document.completion.starts_with("add") || document.completion.starts_with("加");
    checked += is_checked;
    worked += is_worked && !is_checked;
    direct += !is_worked;
    const bool has_english = has(document.completion, "add") || has(document.completion, "so");
    mixed += has_english && (has(document.completion, "加") || has(document.completion, "得"));
  }
  expect_share(drills, kCount, 0.15, "drills");
  expect_share(untagged, kCount, 0.30, "untagged");
  const double problems = kCount - drills;
  expect_share(direct, problems, 0.50, "direct");
  expect_share(worked, problems, 0.35, "worked");
  expect_share(checked, problems, 0.15, "checked");
  expect_share(mixed, worked + checked, 0.15, "mixed");
}

TEST(Corpus, ShowsNoHeldOutPromptAndNothingOutOfDistribution) {
  const auto tokenizer = make_byte_tokenizer();
  for (const std::string& name : task_names()) {
    CorpusConfig config;
    config.tasks = {name};
    config.options.languages = {"en", "zh"};
    const Corpus corpus(config, 1);
    const auto task = make_task(name, config.options);
    std::set<std::string> forbidden;
    for (const Split split : {Split::kHeldOut, Split::kOutOfDistribution}) {
      for (const Example& example : generate_examples(*task, split, 150, 9)) {
        forbidden.insert(make_prompt(example, 0, "plain", *tokenizer).text);
      }
    }
    for (uint64_t i = 0; i < 2000; ++i) EXPECT_FALSE(forbidden.contains(corpus.document(i).prompt)) << name;
  }
}

TEST(Corpus, DrillsAreRightAnswersAlone) {
  CorpusConfig config;
  config.drill = 1;
  config.untagged = 0;
  config.noise.direct = 1;
  const Corpus corpus(config, 1);
  for (uint64_t i = 0; i < 200; ++i) {
    const Document document = corpus.document(i);
    int a = 0, b = 0;
    ASSERT_EQ(std::sscanf(document.prompt.c_str(), "mod %d+%d\n", &a, &b), 2) << document.prompt;
    EXPECT_EQ(document.completion, "<think></think><answer>" + std::to_string((a + b) % 10) + "</answer>");
  }
}

TEST(Corpus, UntaggedDocumentsEndWithTheirAnswer) {
  CorpusConfig config;
  config.untagged = 1;
  config.drill = 0;
  config.direct = 0;
  config.noise = {0, 0, 0, 0};
  const Document document = Corpus(config, 1).document(0);
  EXPECT_TRUE(document.completion.starts_with("add>")) << document.completion;
  EXPECT_EQ(document.completion.substr(document.completion.size() - 5, 4), " so ");
  config.direct = 1;
  config.worked = config.checked = 0;
  EXPECT_EQ(Corpus(config, 1).document(0).completion.size(), 1u);
}

TEST(Corpus, RefusesAnEmptyMixture) {
  CorpusConfig config;
  config.direct = config.worked = config.checked = 0;
  EXPECT_THROW(Corpus(config, 1), ConfigError);
  config = {};
  config.tasks = {};
  EXPECT_THROW(Corpus(config, 1), ConfigError);
  config.tasks = {"last_digit_sums"};
  EXPECT_THROW(Corpus(config, 1), ConfigError);
}

}  // namespace
}  // namespace aha::data::corpus_test
