// Shares draws among threads.
#include "rollout/drawer.h"

#include <algorithm>

namespace aha::rollout {

namespace {

// Logits that take longer to draw from than a team takes to meet.
constexpr int64_t kLogitsWorthATeam = int64_t{1} << 18;
constexpr int64_t kVocabularyWorthATeam = 4096;

}  // namespace

Drawer::Drawer(int64_t vocab_size, int num_threads) : vocab_size_(vocab_size) {
  if (vocab_size < kVocabularyWorthATeam) num_threads = 1;
  for (int i = 0; i < num_threads; ++i) samplers_.push_back(std::make_unique<Sampler>(vocab_size));
  errors_.resize(num_threads);
  if (num_threads > 1) team_ = std::make_unique<ops::Team>(num_threads);
}

void Drawer::run(std::span<Draw> draws, Job& job) {
  const int64_t num_draws = std::ssize(draws);
  if (!team_ || num_draws * vocab_size_ < kLogitsWorthATeam) {
    for (Draw& draw : draws) run(draw, *samplers_.front(), job);
    return;
  }
  team_->run(static_cast<int>(std::min<int64_t>(team_->size(), num_draws)), [&](ops::Share share) {
    try {
      for (int64_t i = share.begin(num_draws); i < share.end(num_draws); ++i) {
        run(draws[i], *samplers_[share.part], job);
      }
    } catch (...) {
      errors_[share.part] = std::current_exception();
    }
  });
  for (std::exception_ptr& error : errors_) {
    if (error) std::rethrow_exception(std::exchange(error, nullptr));
  }
}

void Drawer::run(Draw& draw, Sampler& sampler, Job& job) const {
  const float* logits = draw.logits;
  bool is_right = true;
  while (is_right) {
    draw.is_ended = draw.sample->draw(sampler, logits);
    const bool has_enough = job.wrote(*draw.sample);
    is_right = !draw.is_ended && !has_enough && draw.num_drawn < std::ssize(draw.drafts) &&
               draw.drafts[draw.num_drawn] == draw.sample->completion.token_ids.back();
    ++draw.num_drawn;
    logits += vocab_size_;
  }
}

}  // namespace aha::rollout
