// Draws sources by counted random numbers and goes through each of them in turn.
#include "pipeline/mixture.h"

#include "aha/core/random.h"

namespace aha::pipeline {

Mixture::Mixture(std::vector<WeightedSource> sources, uint64_t seed, std::string purpose)
    : seed_(seed), purpose_(std::move(purpose)), sources_(std::move(sources)) {
  for (const WeightedSource& source : sources_) weights_.push_back(source.weight);
  positions_.assign(sources_.size(), 0);
  orders_.resize(sources_.size());
}

data::TrainingSequence Mixture::next() {
  const size_t source = sources_.size() == 1 ? 0 : Random(seed_, purpose_, {drawn_}).choose(weights_);
  ++drawn_;
  return sources_[source].source->sequence(index_of(source, positions_[source]++));
}

void Mixture::set_cursor(const nlohmann::json& cursor) {
  drawn_ = cursor.at("drawn").get<uint64_t>();
  positions_ = cursor.at("positions").get<std::vector<uint64_t>>();
  orders_.assign(sources_.size(), {});
}

// A finite source is gone through in a new order each time round.
uint64_t Mixture::index_of(size_t source, uint64_t position) {
  const uint64_t size = static_cast<uint64_t>(sources_[source].source->size());
  if (size == 0) return position;
  Order& order = orders_[source];
  if (order.rows.empty() || order.epoch != position / size) {
    order.epoch = position / size;
    order.rows = permutation(seed_, purpose_ + "/" + std::to_string(source), order.epoch, size);
  }
  return static_cast<uint64_t>(order.rows[position % size]);
}

}  // namespace aha::pipeline
