// Rows of preferences as sequences, and their order.
#include "pipeline/preference_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "aha/core/error.h"
#include "aha/core/log.h"
#include "pipeline/data_source.h"
#include "pipeline/held_out_eval.h"

namespace aha::pipeline {
namespace {

/// The prompt and a completion, with weight on all that stands behind the prompt.
data::TrainingSequence answer_of(const data::Example& answered, const std::string& place,
                                 const data::Tokenizer& tokenizer, const PreferenceConfig& config) {
  data::TrainingSequence sequence = sequence_of_example(
      answered, place, tokenizer, {.template_name = config.template_name, .assistant_only_loss = false});
  const auto& weights = sequence.weights;
  const bool is_answered = std::any_of(weights.begin(), weights.end(), [](float weight) { return weight > 0; });
  if (!is_answered) throw InputError(place, "has a completion without tokens of its own");
  return sequence;
}

data::PreferencePair from_row(const data::PreferenceRow& row, const data::Tokenizer& tokenizer,
                              const PreferenceConfig& config) {
  return {.chosen = answer_of(row.chosen, row.place, tokenizer, config),
          .rejected = answer_of(row.rejected, row.place, tokenizer, config),
          .margin = row.margin};
}

data::LabelledSequence from_row(const data::LabelledRow& row, const data::Tokenizer& tokenizer,
                                const PreferenceConfig& config) {
  return {.sequence = answer_of(row.answered, row.place, tokenizer, config), .label = row.label};
}

int64_t longest_of(const data::PreferencePair& pair) {
  return std::max(std::ssize(pair.chosen.token_ids), std::ssize(pair.rejected.token_ids));
}
int64_t longest_of(const data::LabelledSequence& labelled) { return std::ssize(labelled.sequence.token_ids); }

/// @param load rows of a file
template <class Row, class Load>
std::vector<Row> load_all(const PreferenceConfig& config, const data::Tokenizer& tokenizer, int64_t context_length,
                          Load load) {
  const int64_t limit = config.max_length > 0 ? std::min(config.max_length, context_length) : context_length;
  std::vector<Row> kept;
  for (const PreferenceFile& file : config.data) {
    auto rows = load(file.path);
    if (file.max_examples > 0 && file.max_examples < std::ssize(rows)) rows.resize(file.max_examples);
    if (rows.empty()) throw InputError(file.path, "has no rows to learn from");
    int64_t too_long = 0;
    for (const auto& row : rows) {
      Row made = from_row(row, tokenizer, config);
      if (longest_of(made) <= limit) {
        kept.push_back(std::move(made));
      } else {
        ++too_long;
      }
    }
    if (too_long == 0) continue;
    const std::string sentence = fmt::format("{} of {} rows are longer than {} tokens", too_long, rows.size(), limit);
    if (too_long == std::ssize(rows)) throw InputError(file.path, sentence + "; none is left to learn from");
    log::warning(file.path + ": " + sentence + " and left out");
  }
  return kept;
}

int64_t num_held_out(double holdout, int64_t num_rows) {
  const double count = holdout < 1 ? std::ceil(holdout * static_cast<double>(num_rows)) : holdout;
  return static_cast<int64_t>(std::min(count, static_cast<double>(num_rows)));
}

}  // namespace

void check_preference_config(const PreferenceConfig& config, const std::string& path, ConfigErrors& errors) {
  if (config.data.empty()) errors.add(path + ".data", "is missing or empty; name what is learned from");
  if (config.holdout > 1 && config.holdout != std::floor(config.holdout)) {
    errors.add(path + ".holdout", "must be a share below 1 or a whole number of rows");
  }
  check_template(config.template_name, path + ".template", errors);
}

void add_preference_inputs(const PreferenceConfig& config, const std::string& path, StageInputs& inputs) {
  for (size_t i = 0; i < config.data.size(); ++i) {
    inputs.files.push_back({fmt::format("{}.data.{}.path", path, i), config.data[i].path});
  }
}

std::vector<std::string> preference_plan(const PreferenceConfig& config, const std::string& row) {
  const std::string length =
      config.max_steps > 0 ? fmt::format("{} steps", config.max_steps) : fmt::format("{} epochs", config.epochs);
  const std::string kept =
      config.holdout < 1 ? fmt::format("{:.0f}%", 100 * config.holdout) : fmt::format("{:.0f}", config.holdout);
  return {fmt::format("{} {} a step, {}; {} of the rows are held out and measured on", config.batch_size, row, length,
                      kept)};
}

std::vector<data::PreferencePair> load_pairs(const PreferenceConfig& config, const data::Tokenizer& tokenizer,
                                             int64_t context_length) {
  return load_all<data::PreferencePair>(config, tokenizer, context_length, data::load_preference_rows);
}

std::vector<data::LabelledSequence> load_labelled(const PreferenceConfig& config, const data::Tokenizer& tokenizer,
                                                  int64_t context_length) {
  return load_all<data::LabelledSequence>(config, tokenizer, context_length, data::load_labelled_rows);
}

RowOrder::RowOrder(int64_t num_rows, const PreferenceConfig& config, const StageHead& head)
    : config_(config), seed_(static_cast<uint64_t>(*head.seed)), purpose_("rows/" + head.name) {
  std::vector<int64_t> rows = permutation(seed_, "holdout/" + head.name, 0, num_rows);
  const int64_t count = num_held_out(config.holdout, num_rows);
  if (count >= num_rows) {
    throw ConfigError("stages." + head.name + ".holdout",
                      fmt::format("takes all {} rows, so that none is left to learn from; lower it", num_rows));
  }
  held_out_.assign(rows.begin(), rows.begin() + count);
  learned_.assign(rows.begin() + count, rows.end());
}

int64_t RowOrder::steps_per_epoch() const {
  return (std::ssize(learned_) + config_.batch_size - 1) / config_.batch_size;
}

int64_t RowOrder::num_steps() const {
  return config_.max_steps > 0 ? config_.max_steps : config_.epochs * steps_per_epoch();
}

std::vector<int64_t> RowOrder::batch(int64_t step) const {
  const auto epoch = static_cast<uint64_t>(step / steps_per_epoch());
  const std::vector<int64_t> order = permutation(seed_, purpose_, epoch, std::ssize(learned_));
  const int64_t begin = step % steps_per_epoch() * config_.batch_size;
  const int64_t end = std::min(begin + config_.batch_size, std::ssize(learned_));
  std::vector<int64_t> rows;
  for (int64_t i = begin; i < end; ++i) rows.push_back(learned_[static_cast<size_t>(order[static_cast<size_t>(i)])]);
  return rows;
}

}  // namespace aha::pipeline
