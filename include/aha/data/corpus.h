// The text a base model is pretrained on: problems solved in three styles, two languages, some of them wrong.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "aha/data/task.h"

namespace aha::data {

struct CorpusConfig {
  std::vector<std::string> tasks = {"last_digit_sum"};  // generators, drawn evenly
  TaskOptions options;                                  // of their problems
  double direct = 0.50, worked = 0.35, checked = 0.15;  // styles; need not sum to one
  Noise noise;
  double untagged = 0.30;        // documents without <think> and <answer>: "… so 7"
  double drill = 0.15;           // share of one-step problems, without noise
  double mixed_language = 0.15;  // reasoning that mixes languages, where the options name two

  template <class Fields>
  void visit(Fields& field) {
    field("tasks", tasks, "generators whose problems are solved in the text, drawn evenly");
    field("options", options, "sizes of the problems");
    field("direct", direct, "weight of documents that only answer", at_least(0));
    field("worked", worked, "weight of documents with worked steps", at_least(0));
    field("checked", checked, "weight of documents with steps and a check", at_least(0));
    field("noise", noise, "shares of wrong solutions");
    field("untagged", untagged, "share of documents without tags", between(0, 1));
    field("drill", drill, "share of one-step problems", between(0, 1));
    field("mixed_language", mixed_language, "share of reasoning that mixes languages", between(0, 1));
  }
};

/// A document: what is given and what is learned (loss falls on the completion alone).
struct Document {
  std::string prompt;
  std::string completion;  // without the end token
};

/// Document number `index` of the corpus with this seed; held-out prompts never appear, out-of-distribution
/// ones neither. Any document can be made without the ones before it.
class Corpus {
 public:
  Corpus(CorpusConfig config, uint64_t seed);
  Document document(uint64_t index) const;

 private:
  CorpusConfig config_;
  uint64_t seed_;
  std::vector<std::unique_ptr<Task>> tasks_;
};

}  // namespace aha::data
