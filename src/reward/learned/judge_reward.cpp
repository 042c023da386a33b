// Questions about parts of completions, and what the votes come to.
#include "reward/learned/judge_reward.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "aha/data/template.h"
#include "reward/learned/completion_part.h"
#include "reward/learned/judge_panel.h"
#include "reward/learned/judge_prompt.h"
#include "reward/learned/judge_vote.h"

namespace aha::reward {
namespace {

std::string question_of(const Submission& submission) {
  const data::Example& example = submission.example;
  if (example.messages.empty()) return example.prompt.empty() ? submission.prompt : example.prompt;
  std::string text;
  for (const data::Message& message : data::asked_messages(example)) {
    text += (text.empty() ? "" : "\n\n") + message.role + ": " + message.content;
  }
  return text;
}

class JudgeReward : public Reward {
 public:
  JudgeReward(const RewardConfig& config, const RewardServices& services)
      : panel_(config, services),
        part_(config.judge.part),
        instructions_(config.judge.instructions.empty() ? default_instructions(config.judge.comparison)
                                                        : config.judge.instructions) {}

  using Reward::score;
  Score score(const Submission& submission) const final { return score_batch({submission}, {}).front(); }
  bool is_batched() const final { return true; }

 protected:
  std::string part_of(const Submission& submission) const {
    return as_material(completion_part(submission, part_), panel_.tokenizer());
  }
  /// @param responses by the names of their places
  std::string asked(const Submission& submission, std::map<std::string, std::string> responses) const {
    responses["prompt"] = as_material(question_of(submission), panel_.tokenizer());
    responses["answer"] = as_material(submission.example.answer, panel_.tokenizer());
    return fill_in(instructions_, responses);
  }

  JudgePanel panel_;

 private:
  std::string part_, instructions_;
};

Score graded(const JudgePanel::Votes& votes) {
  Score score;
  score.detail["grades"] = nlohmann::ordered_json::array();
  int64_t sum = 0, count = 0;
  for (const std::string& vote : votes.answers) {
    const std::optional<int64_t> grade = grade_in(vote);
    score.detail["grades"].push_back(grade ? nlohmann::ordered_json(*grade) : nlohmann::ordered_json());
    sum += grade.value_or(0);
    count += grade.has_value();
  }
  constexpr double kLowest = 1, kHighest = 10;
  if (count > 0) {
    score.value = (static_cast<double>(sum) / static_cast<double>(count) - kLowest) / (kHighest - kLowest);
  } else {
    score.fault = votes.fault.empty() ? fmt::format("none of {} votes ends with a grade", votes.answers.size())
                                      : "the judge cannot be asked: " + votes.fault;
  }
  return score;
}

class PointwiseJudge final : public JudgeReward {
 public:
  using JudgeReward::JudgeReward;
  std::vector<Score> score_batch(const std::vector<Submission>& submissions, std::stop_token stop) const override {
    std::vector<Score> scores(submissions.size());
    std::vector<std::string> questions;
    std::vector<size_t> graded_ones;
    for (size_t i = 0; i < submissions.size(); ++i) {
      const std::string part = part_of(submissions[i]);
      if (part.empty()) {
        scores[i] = {.value = 0.0, .detail = {{"is_empty", true}}};
        continue;
      }
      questions.push_back(asked(submissions[i], {{"response", part}}));
      graded_ones.push_back(i);
    }
    const std::vector<JudgePanel::Votes> votes = panel_.ask(questions, std::move(stop));
    for (size_t i = 0; i < votes.size(); ++i) scores[graded_ones[i]] = graded(votes[i]);
    return scores;
  }
};

/// What a completion has won so far.
struct Standing {
  double points = 0;
  int64_t counted = 0;
  std::string fault;
  void add(double share, int64_t votes) {
    points += share * static_cast<double>(votes);
    counted += votes;
  }
};

/// Two completions of a group whose texts must be read to tell which is better.
struct Comparison {
  size_t one, other;
};

class PairwiseJudge final : public JudgeReward {
 public:
  PairwiseJudge(const RewardConfig& config, const RewardServices& services)
      : JudgeReward(config, services), num_votes_(config.judge.num_votes) {}

  std::vector<Score> score_batch(const std::vector<Submission>& submissions, std::stop_token stop) const override {
    std::vector<std::string> parts;
    for (const Submission& submission : submissions) parts.push_back(part_of(submission));
    std::vector<Standing> standings(submissions.size());
    std::vector<Comparison> comparisons;
    std::vector<std::string> questions;
    for (const SubmissionGroup& group : groups_of(submissions)) {
      for (size_t i = group.begin; i < group.end; ++i) {
        for (size_t j = i + 1; j < group.end; ++j) {
          if (is_decided(i, j, parts, standings)) continue;
          comparisons.push_back({i, j});
          questions.push_back(asked(submissions[i], {{"response_a", parts[i]}, {"response_b", parts[j]}}));
          questions.push_back(asked(submissions[i], {{"response_a", parts[j]}, {"response_b", parts[i]}}));
        }
      }
    }
    const std::vector<JudgePanel::Votes> votes = panel_.ask(questions, std::move(stop));
    for (size_t c = 0; c < comparisons.size(); ++c) {
      count(comparisons[c], votes[2 * c], votes[2 * c + 1], standings);
    }
    return scores_of(standings, submissions);
  }

 private:
  // Nothing has to be asked about equal texts, nor where one is empty.
  bool is_decided(size_t i, size_t j, const std::vector<std::string>& parts, std::vector<Standing>& standings) const {
    if (parts[i] != parts[j] && !parts[i].empty() && !parts[j].empty()) return false;
    const double share = parts[i] == parts[j] ? 0.5 : parts[j].empty() ? 1.0 : 0.0;
    standings[i].add(share, num_votes_);
    standings[j].add(1 - share, num_votes_);
    return true;
  }

  static void count(const Comparison& pair, const JudgePanel::Votes& in_order, const JudgePanel::Votes& swapped,
                    std::vector<Standing>& standings) {
    Standing &one = standings[pair.one], &other = standings[pair.other];
    const std::string& fault = in_order.fault.empty() ? swapped.fault : in_order.fault;
    if (!fault.empty()) one.fault = other.fault = "the judge cannot be asked: " + fault;
    for (size_t v = 0; v < std::min(in_order.answers.size(), swapped.answers.size()); ++v) {
      const auto share = share_of_win(preference_in(in_order.answers[v]), preference_in(swapped.answers[v]));
      if (!share) continue;
      one.add(*share, 1);
      other.add(1 - *share, 1);
    }
  }

  static std::vector<Score> scores_of(const std::vector<Standing>& standings,
                                      const std::vector<Submission>& submissions) {
    std::vector<Score> scores(standings.size());
    for (const SubmissionGroup& group : groups_of(submissions)) {
      for (size_t i = group.begin; i < group.end; ++i) {
        const Standing& standing = standings[i];
        scores[i].detail = {{"points", standing.points}, {"comparisons", standing.counted}};
        if (standing.counted > 0) {
          scores[i].value = standing.points / static_cast<double>(standing.counted);
        } else if (group.end - group.begin > 1) {
          scores[i].fault = standing.fault.empty() ? "no vote of its comparisons names A, B or tie" : standing.fault;
        }
      }
    }
    return scores;
  }

  int64_t num_votes_;
};

}  // namespace

std::unique_ptr<Reward> make_judge_reward(const RewardConfig& config, const RewardServices& services) {
  if (config.judge.comparison == "pairwise") return std::make_unique<PairwiseJudge>(config, services);
  return std::make_unique<PointwiseJudge>(config, services);
}

std::vector<Contradiction> judge_contradictions(const RewardConfig& config) {
  const JudgeOptions& judge = config.judge;
  if (judge.instructions.empty()) return {};
  const std::string missing = missing_place(judge.instructions, judge.comparison);
  if (missing.empty()) return {};
  return {{"instructions", "have no " + missing + ", where a " + judge.comparison + " judge reads what it judges"}};
}

}  // namespace aha::reward
