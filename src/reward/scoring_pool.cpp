// A queue of places, and threads that empty it.
#include "aha/reward/scoring_pool.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <numeric>
#include <thread>
#include <utility>

#include "aha/core/error.h"

namespace aha::reward {
struct ScoringPool::State {
  enum class Phase { kEmpty, kHandedIn, kJudged };

  struct Place {
    Phase phase = Phase::kEmpty;
    data::Completion completion;  // text, ids and end
    const data::Prompt* prompt = nullptr;
    Judgement judgement;

    Submission submission() const { return submission_of(completion, *prompt); }
  };

  State(const Scorer& the_scorer, int64_t num_places) : scorer(the_scorer), places(static_cast<size_t>(num_places)) {}
  Place& at(int64_t index);
  void judge_all(std::stop_token ended);

  const Scorer& scorer;
  std::mutex mutex;
  std::condition_variable_any handed_in, judged;
  std::vector<Place> places;
  std::deque<Place*> queue;           // handed in, and no thread has begun with it
  std::vector<std::jthread> threads;  // last, so that they end before what they use
};

ScoringPool::State::Place& ScoringPool::State::at(int64_t index) {
  AHA_CHECK(index >= 0 && index < std::ssize(places), "a completion has no place in the scoring pool");
  return places[static_cast<size_t>(index)];
}

void ScoringPool::State::judge_all(std::stop_token ended) {
  std::unique_lock lock(mutex);
  while (handed_in.wait(lock, ended, [&] { return !queue.empty(); }) && !ended.stop_requested()) {
    Place& place = *queue.front();
    queue.pop_front();
    lock.unlock();
    Judgement judgement = scorer.judge(place.submission());
    lock.lock();
    place.judgement = std::move(judgement);
    place.phase = State::Phase::kJudged;
    judged.notify_all();
  }
}

ScoringPool::ScoringPool(const Scorer& scorer, int64_t num_places, int num_threads)
    : state_(std::make_unique<State>(scorer, num_places)) {
  if (num_threads < 1) throw ConfigError("num_threads", "must be at least 1 for the rewards");
  for (int i = 0; i < num_threads; ++i) {
    state_->threads.emplace_back([state = state_.get()](std::stop_token ended) { state->judge_all(ended); });
  }
}

// All are told before the first is waited for, so that none takes up what is to be dropped.
ScoringPool::~ScoringPool() {
  for (std::jthread& thread : state_->threads) thread.request_stop();
}

void ScoringPool::submit(int64_t place, const data::Completion& completion, const data::Prompt& prompt) {
  {
    const std::lock_guard lock(state_->mutex);
    State::Place& taken = state_->at(place);
    AHA_CHECK(taken.phase == State::Phase::kEmpty, "a completion was handed to the scoring pool twice");
    taken.phase = State::Phase::kHandedIn;
    taken.completion.text = completion.text;
    taken.completion.token_ids = completion.token_ids;
    taken.completion.finish_reason = completion.finish_reason;
    taken.prompt = &prompt;
    state_->queue.push_back(&taken);
  }
  state_->handed_in.notify_one();
}

BatchScores ScoringPool::wait(const std::vector<int64_t>& places, std::stop_token stop) {
  std::vector<Submission> submissions;
  std::vector<Judgement> judgements;
  std::unique_lock lock(state_->mutex);
  for (const int64_t index : places) {
    State::Place& place = state_->at(index);
    AHA_CHECK(place.phase != State::Phase::kEmpty, "a completion was never handed to the scoring pool");
    if (!state_->judged.wait(lock, stop, [&] { return place.phase == State::Phase::kJudged; })) {
      throw StoppedError("stopped as asked, while completions were judged");
    }
    submissions.push_back(place.submission());
    judgements.push_back(place.judgement);
  }
  lock.unlock();
  return state_->scorer.gather(submissions, std::move(judgements), std::move(stop));
}

BatchScores ScoringPool::wait(std::stop_token stop) {
  std::vector<int64_t> all(state_->places.size());
  std::iota(all.begin(), all.end(), 0);
  return wait(all, std::move(stop));
}

}  // namespace aha::reward
