// Dense and mixture-of-experts blocks of the decode forward; rows are sorted by expert, one product per active expert.
// A part works out the same columns everywhere, so that it waits for the others only where it reads whole rows.
#include <algorithm>

#include "aha/ops/cpu_math.h"
#include "model/decode_part.h"

namespace aha::model {

namespace {

class FeedForwardStep {
 public:
  FeedForwardStep(const DecodePart& part, int64_t layer)
      : state_(part.weights),
        weights_(part.weights.layers[layer].feed_forward),
        part_(part),
        scratch_(part.scratch),
        own_(part.own),
        choice_(DecodePart::are_few(num_rows_) ? part.own.choice : part.scratch.choice) {}

  void run() {
    normed_ = part_.normalize(weights_.norm);
    if (weights_.is_moe) {
      run_experts();
    } else {
      activate(weights_.dense, normed_, num_rows_, scratch_.hidden_R.get());
      part_.barrier();
      project_down(weights_.dense, scratch_.hidden_R.get(), num_rows_, scratch_.block_RD.get());
      part_.add_block(weights_.dense.down.columns(part_.share));
    }
    part_.barrier();
  }

 private:
  // hidden = silu(x · gate) * (x · up), this part's columns.
  void activate(const DecodeMlp& mlp, const float* x, int64_t num_rows, float* hidden) {
    const int64_t intermediate = mlp.gate.n();
    const ops::Columns columns = mlp.gate.columns(part_.share);
    if (columns.begin == columns.end) return;
    float* up = own_.up_R.get();
    mlp.gate.multiply(x, num_rows, width_, hidden, intermediate, /*accumulate=*/false, part_.share);
    mlp.up.multiply(x, num_rows, width_, up, intermediate, /*accumulate=*/false, part_.share);
    for (int64_t r = 0; r < num_rows; ++r) {
      float* gate = hidden + r * intermediate + columns.begin;
      ops::swiglu_row(gate, up + r * intermediate + columns.begin, columns.end - columns.begin, gate);
    }
  }

  void project_down(const DecodeMlp& mlp, const float* hidden, int64_t num_rows, float* y) {
    mlp.down.multiply(hidden, num_rows, mlp.down.k(), y, width_, /*accumulate=*/false, part_.share);
  }

  void run_experts() {
    route();
    const bool has_shared = weights_.shared.gate.n() > 0;
    if (has_shared) activate(weights_.shared, normed_, num_rows_, scratch_.hidden_R.get());
    part_.join(num_rows_);
    sort_by_expert();
    for_experts([&](const DecodeMlp& expert, int64_t begin, int64_t count) {
      gather(begin, count);
      activate(expert, own_.gathered_RD.get(), count, expert_hidden(begin));
    });
    part_.barrier();
    if (has_shared) project_down(weights_.shared, scratch_.hidden_R.get(), num_rows_, scratch_.shared_RD.get());
    for_experts([&](const DecodeMlp& expert, int64_t begin, int64_t count) {
      project_down(expert, expert_hidden(begin), count, scratch_.expert_out.get() + begin * width_);
    });
    combine(has_shared);
  }

  float* expert_hidden(int64_t slot) { return scratch_.hidden_RK.get() + slot * state_.config.moe_intermediate_size; }

  void route() {
    const int64_t experts = state_.config.n_routed_experts;
    const float* bias = weights_.expert_bias.empty() ? nullptr : weights_.expert_bias.data();
    const int64_t begin = part_.first_of(num_rows_), end = part_.end_of(num_rows_);
    float* logits = own_.router_RE.get();
    weights_.router.multiply(normed_ + begin * width_, end - begin, width_, logits, experts);
    for (int64_t r = begin; r < end; ++r, logits += experts) {
      ops::route_row(state_.router, logits, bias, choice_.expert_RK.data() + r * top_k_,
                     choice_.weight_RK.data() + r * top_k_, own_.router_score.get());
    }
    for (int64_t r = part_.share.begin(num_rows_); r < part_.share.end(num_rows_); ++r) record_choice(r);
  }

  void record_choice(int64_t r) const {
    if (!part_.rows[r].experts) return;
    const int32_t* expert = choice_.expert_RK.data() + r * top_k_;
    std::transform(expert, expert + top_k_, part_.rows[r].experts + weights_.moe_index * top_k_,
                   [](int32_t index) { return static_cast<uint8_t>(index); });
  }

  // Counting sort: expert e's rows are sorted_row[expert_begin[e] … expert_begin[e + 1]), in rising order. Every part
  // does it for itself.
  void sort_by_expert() {
    std::vector<int32_t>& begin = own_.expert_begin;
    std::fill(begin.begin(), begin.end(), 0);
    const int64_t count = num_rows_ * top_k_;
    for (int64_t i = 0; i < count; ++i) ++begin[choice_.expert_RK[i] + 2];
    for (size_t e = 2; e < begin.size(); ++e) begin[e] += begin[e - 1];
    for (int64_t i = 0; i < count; ++i) {
      const int32_t slot = begin[choice_.expert_RK[i] + 1]++;
      own_.slot_RK[i] = slot;
      own_.sorted_row[slot] = static_cast<int32_t>(i / top_k_);
    }
  }

  /// visit(expert, its first slot, its number of slots) for those that have rows.
  template <class Visit>
  void for_experts(Visit visit) {
    for (int64_t e = 0; e < state_.config.n_routed_experts; ++e) {
      const int64_t begin = own_.expert_begin[e], count = own_.expert_begin[e + 1] - begin;
      if (count > 0) visit(weights_.experts[e], begin, count);
    }
  }

  void gather(int64_t begin, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      std::copy_n(normed_ + own_.sorted_row[begin + i] * width_, width_, own_.gathered_RD.get() + i * width_);
    }
  }

  // All experts' products with `down` are cut alike. In the order of the training forward: the experts of a row, best
  // first, then the shared ones, then what was there before.
  void combine(bool has_shared) {
    const ops::Columns columns = weights_.experts.front().down.columns(part_.share);
    const int64_t count = columns.end - columns.begin;
    for (int64_t r = 0; r < num_rows_; ++r) {
      float* block = scratch_.block_RD.get() + r * width_ + columns.begin;
      std::fill_n(block, count, 0.0f);
      for (int64_t i = r * top_k_; i < (r + 1) * top_k_; ++i) {
        ops::axpy(choice_.weight_RK[i], scratch_.expert_out.get() + own_.slot_RK[i] * width_ + columns.begin, block,
                  count);
      }
      if (has_shared) ops::axpy(1.0f, scratch_.shared_RD.get() + r * width_ + columns.begin, block, count);
    }
    part_.add_block(columns);
  }

  const DecodeWeights::State& state_;
  const DecodeFeedForward& weights_;
  const DecodePart& part_;
  DecodeScratch& scratch_;
  PartScratch& own_;
  const int64_t num_rows_ = part_.num_rows(), width_ = part_.weights.config.hidden_size;
  const int64_t top_k_ = part_.weights.config.num_experts_per_tok;
  ExpertChoice& choice_;
  const float* normed_ = nullptr;
};

}  // namespace

void decode_feed_forward(const DecodePart& part, int64_t layer) { FeedForwardStep(part, layer).run(); }

}  // namespace aha::model
