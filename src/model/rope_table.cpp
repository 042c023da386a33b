// Rope angles with YaRN's blend of scaled and unscaled frequencies.
#include "model/rope_table.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace aha::model {

namespace {

// The pair whose wavelength fits `rotations` times into the original context.
double yarn_correction(const ModelConfig& config, double rotations) {
  const double context = static_cast<double>(config.yarn->original_max_position_embeddings);
  return static_cast<double>(config.qk_rope_head_dim) * std::log(context / (rotations * 2 * std::numbers::pi)) /
         (2 * std::log(config.rope_theta));
}

// Factor on all cosines and sines; 1 for the released models, whose two mscales agree.
double yarn_amplitude(const ModelConfig& config) {
  if (!config.yarn) return 1;
  return yarn_mscale(config.yarn->factor, config.yarn->mscale) /
         yarn_mscale(config.yarn->factor, config.yarn->mscale_all_dim);
}

}  // namespace

double yarn_mscale(double factor, double mscale) {
  return factor > 1 && mscale != 0 ? 0.1 * mscale * std::log(factor) + 1 : 1;
}

std::vector<double> rope_frequencies(const ModelConfig& config) {
  const int64_t width = config.qk_rope_head_dim;
  std::vector<double> frequencies(static_cast<size_t>(width / 2));
  for (int64_t i = 0; i < width / 2; ++i) {
    frequencies[i] = std::pow(config.rope_theta, -2.0 * static_cast<double>(i) / static_cast<double>(width));
  }
  if (!config.yarn) return frequencies;

  const double low = std::max(std::floor(yarn_correction(config, config.yarn->beta_fast)), 0.0);
  double high = std::min(std::ceil(yarn_correction(config, config.yarn->beta_slow)), static_cast<double>(width - 1));
  if (high <= low) high = low + 0.001;
  for (int64_t i = 0; i < width / 2; ++i) {
    const double ramp = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
    frequencies[i] = frequencies[i] / config.yarn->factor * ramp + frequencies[i] * (1 - ramp);
  }
  return frequencies;
}

template <class T>
RopeTable<T> make_rope_table(const ModelConfig& config, int64_t num_positions) {
  const std::vector<double> frequencies = rope_frequencies(config);
  const double amplitude = yarn_amplitude(config);
  RopeTable<T> table{num_positions, static_cast<int64_t>(frequencies.size()), {}, {}};
  table.cosine.reserve(num_positions * frequencies.size());
  table.sine.reserve(num_positions * frequencies.size());
  for (int64_t p = 0; p < num_positions; ++p) {
    for (const double frequency : frequencies) {
      table.cosine.push_back(static_cast<T>(std::cos(static_cast<double>(p) * frequency) * amplitude));
      table.sine.push_back(static_cast<T>(std::sin(static_cast<double>(p) * frequency) * amplitude));
    }
  }
  return table;
}

template RopeTable<float> make_rope_table(const ModelConfig&, int64_t);
template RopeTable<double> make_rope_table(const ModelConfig&, int64_t);

}  // namespace aha::model
