// What preferences are learned from: rows that compare two completions or judge one, and the sequences made of them.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "aha/data/example.h"
#include "aha/data/packing.h"

namespace aha::data {

/// {"prompt", "chosen", "rejected"}: two completions of one prompt, strings or lists of messages. Lists may do without
/// a prompt, which is then what both begin with.
struct PreferenceRow {
  Example chosen, rejected;  // the prompt with each, as a row of prompt and completion is read
  double margin = 0;         // by how much the chosen one should win: a column `margin`
  std::string place;         // "pairs.jsonl:17"
};

/// {"prompt", "completion", "label"}: one completion and whether it is good.
struct LabelledRow {
  Example answered;
  double label = 0;  // false, true, or a number between 0 and 1
  std::string place;
};

/// @throws InputError "file:line: …" for a row without these columns, of other types, or with an empty completion
std::vector<PreferenceRow> load_preference_rows(const std::filesystem::path& path);
std::vector<LabelledRow> load_labelled_rows(const std::filesystem::path& path);

/// Sequences whose weights are 1 on the completion and 0 on the prompt.
struct PreferencePair {
  TrainingSequence chosen, rejected;
  double margin = 0;
};
struct LabelledSequence {
  TrainingSequence sequence;
  double label = 0;
};

inline int64_t num_tokens(const PreferencePair& pair) {
  return std::ssize(pair.chosen.token_ids) + std::ssize(pair.rejected.token_ids);
}
inline int64_t num_tokens(const LabelledSequence& labelled) { return std::ssize(labelled.sequence.token_ids); }

}  // namespace aha::data
