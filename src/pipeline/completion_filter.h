// Which completions of a model are good enough to learn from, and why the others are not.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "aha/core/config_fields.h"
#include "aha/data/completion.h"
#include "aha/data/tokenizer.h"
#include "aha/reward/reward.h"

namespace aha::pipeline {

/// `keep:` of a rejection_sampling stage.
struct KeepConfig {
  double reward = 1.0;
  bool well_formed = false;
  int64_t max_per_prompt = 0;
  double language_consistency = 0.0;
  double max_repetition = 1.0;
  int64_t repetition_ngram = 12;
  int64_t min_length = 0, max_length = 0;

  template <class Fields>
  void visit(Fields& field) {
    field("reward", reward, "least value that each of the stage's rewards must give, before its weight");
    field("well_formed", well_formed, "whether the tags must stand there once, in order, with nothing after them");
    field("max_per_prompt", max_per_prompt, "completions kept of a prompt; 0: all", at_least(0));
    field("language_consistency", language_consistency, "least share of the prompt's language", between(0, 1));
    field("max_repetition", max_repetition, "largest share of token n-grams seen before in the completion",
          between(0, 1));
    field("repetition_ngram", repetition_ngram, "n of those n-grams", at_least(1));
    field("min_length", min_length, "fewest tokens", at_least(0));
    field("max_length", max_length, "most tokens; 0: any", at_least(0));
  }
};

/// Share of n-grams that occurred before in the sequence; 0 if it is shorter than n.
double repetition(const std::vector<int32_t>& token_ids, int64_t n);

class CompletionFilter {
 public:
  CompletionFilter(KeepConfig config, std::shared_ptr<const data::Tokenizer> tokenizer);

  /// Why each completion of the batch is dropped; empty: kept. Prompts must not be spread over several calls.
  std::vector<std::string> reasons(const data::CompletionBatch& batch, const reward::BatchScores& scores) const;

 private:
  std::string fault(const data::Completion& completion, const data::Example& example, const reward::BatchScores& scores,
                    size_t index) const;

  KeepConfig config_;
  std::shared_ptr<const data::Tokenizer> tokenizer_;
  std::unique_ptr<reward::Reward> language_;
};

}  // namespace aha::pipeline
