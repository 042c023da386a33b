#include "pipeline/epoch_batches.h"

#include <algorithm>
#include <cmath>

namespace aha::pipeline {

EpochBatches::EpochBatches(std::vector<WeightedSource> sources, const EpochOptions& options)
    : sources_(std::move(sources)), options_(options) {
  for (int64_t epoch = 0; epoch < options_.epochs; ++epoch) cut(epoch);
}

std::vector<data::TrainingSequence> EpochBatches::batch(int64_t step) const {
  std::vector<data::TrainingSequence> sequences;
  for (const Row& row : batches_.at(static_cast<size_t>(step % size()))) {
    sequences.push_back(sources_[row.source].source->sequence(row.index));
  }
  return sequences;
}

void EpochBatches::add_rows(size_t source, int64_t epoch, std::vector<Row>& rows) const {
  const int64_t size = sources_[source].source->size();
  const std::string purpose = options_.purpose + "/" + std::to_string(source) + "/" + std::to_string(epoch);
  int64_t left = std::llround(sources_[source].weight * static_cast<double>(size));
  for (uint64_t pass = 0; left > 0; ++pass) {
    const std::vector<int64_t> order = permutation(options_.seed, purpose, pass, size);
    for (int64_t i = 0; i < std::min(left, size); ++i) rows.push_back({source, static_cast<uint64_t>(order[i])});
    left -= std::min(left, size);
  }
}

void EpochBatches::cut(int64_t epoch) {
  std::vector<Row> rows;
  for (size_t source = 0; source < sources_.size(); ++source) add_rows(source, epoch, rows);
  int64_t tokens = options_.tokens_per_step;
  for (const int64_t i : permutation(options_.seed, options_.purpose, static_cast<uint64_t>(epoch), std::ssize(rows))) {
    if (tokens >= options_.tokens_per_step) {
      batches_.emplace_back();
      tokens = 0;
    }
    batches_.back().push_back(rows[i]);
    tokens += std::ssize(sources_[rows[i].source].source->sequence(rows[i].index).token_ids);
  }
}

}  // namespace aha::pipeline
