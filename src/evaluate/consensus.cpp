// Majority vote over the answers to one prompt.
#include "evaluate/consensus.h"

#include <algorithm>

namespace aha::evaluate {
namespace {

struct Cluster {
  std::vector<std::string> answers;  // distinct texts; the first one speaks for all
  bool is_right = false;
  int64_t size = 0;
};

Cluster* find_cluster(std::vector<Cluster>& clusters, const std::string& answer, const reward::Reward& equality) {
  for (Cluster& cluster : clusters) {
    if (std::find(cluster.answers.begin(), cluster.answers.end(), answer) != cluster.answers.end()) return &cluster;
  }
  for (Cluster& cluster : clusters) {
    if (!equality.same_answer(cluster.answers[0], answer)) continue;
    cluster.answers.push_back(answer);
    return &cluster;
  }
  return nullptr;
}

}  // namespace

bool consensus_is_right(const std::vector<Vote>& votes, const reward::Reward& equality) {
  std::vector<Cluster> clusters;
  for (const Vote& vote : votes) {
    if (vote.answer.empty()) continue;
    Cluster* cluster = find_cluster(clusters, vote.answer, equality);
    if (!cluster) cluster = &clusters.emplace_back(Cluster{{vote.answer}, vote.is_right, 0});
    ++cluster->size;
  }
  const auto largest = std::max_element(clusters.begin(), clusters.end(),
                                        [](const Cluster& a, const Cluster& b) { return a.size < b.size; });
  return largest != clusters.end() && largest->is_right;
}

}  // namespace aha::evaluate
