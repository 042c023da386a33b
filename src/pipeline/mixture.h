// Documents from several sources by weight: which source is next, and where each one stands, is all the state.
#pragma once
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pipeline/data_source.h"

namespace aha::pipeline {

/// Draws a source by its weight, a share of the sequences, for each; sources of any size are gone through again and
/// again, each time in another order.
class Mixture {
 public:
  /// @param purpose keys the random numbers: "mixture/base"
  Mixture(std::vector<WeightedSource> sources, uint64_t seed, std::string purpose);

  data::TrainingSequence next();

  nlohmann::json cursor() const { return {{"drawn", drawn_}, {"positions", positions_}}; }
  void set_cursor(const nlohmann::json& cursor);

 private:
  struct Order {
    uint64_t epoch = 0;
    std::vector<int64_t> rows;
  };

  uint64_t index_of(size_t source, uint64_t position);

  uint64_t seed_;
  std::string purpose_;
  std::vector<WeightedSource> sources_;
  std::vector<double> weights_;
  uint64_t drawn_ = 0;
  std::vector<uint64_t> positions_;
  std::vector<Order> orders_;
};

}  // namespace aha::pipeline
