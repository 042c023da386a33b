// Strict in what it takes: an answer that is not exactly one list of numbers is a failure, never a guess.
#include "reward/command/command_lines.h"

#include <nlohmann/json.hpp>
#include <set>

#include "reward/command/command_failure.h"
#include "reward/command/command_log.h"

namespace aha::reward {
namespace {

using nlohmann::json;

constexpr size_t kLongestRequest = size_t{512} << 20;
constexpr size_t kBytesOfReward = 64;
constexpr size_t kBytesOfAnswer = 4096;  // beside its rewards: an error's sentence
constexpr size_t kShownOfAnswer = 120;
constexpr int kDepthOfAnswer = 2;  // of an answer: a list in an object

// The names TRL keeps apart from the columns.
bool is_named_apart(const std::string& key) {
  return key == "prompt" || key == "completion" || key == "completion_ids";
}

json chat_list(const std::vector<data::Message>& messages) {
  json list = json::array();
  for (const data::Message& message : messages) {
    list.push_back({{"role", message.role}, {"content", message.content}});
  }
  return list;
}

json trl_prompt(const Submission& submission) {
  const data::Example& example = submission.example;
  const auto column = example.columns.find("prompt");
  if (column != example.columns.end() && (column->is_string() || column->is_array())) return *column;
  if (!example.messages.empty()) return chat_list(example.messages);
  return example.prompt.empty() ? submission.prompt : example.prompt;
}

json trl_completion(const Submission& submission, const json& prompt) {
  if (!prompt.is_array()) return submission.completion;
  return json::array({{{"role", "assistant"}, {"content", submission.completion}}});
}

void add_row_columns(const std::vector<Submission>& submissions, json& request) {
  std::set<std::string> names;
  for (const Submission& submission : submissions) {
    for (const auto& [name, value] : submission.example.columns.items()) {
      if (!is_named_apart(name)) names.insert(name);
    }
  }
  for (const std::string& name : names) {
    json& list = request[name] = json::array();
    for (const Submission& submission : submissions) {
      const json& columns = submission.example.columns;
      const auto found = columns.find(name);
      list.push_back(found == columns.end() ? json() : *found);
    }
  }
}

[[noreturn]] void refuse_rewards(const std::string& what, const std::string& line) {
  throw CommandFailure("answered with " + what + " in place of {\"rewards\": [number or null, …]}: `" +
                       shortened_visible(line, kShownOfAnswer) + "`");
}

json parse_rewards(const std::string& line) {
  int num_keys = 0;
  const auto check = [&](int depth, json::parse_event_t event, json&) {
    const bool opens = event == json::parse_event_t::object_start || event == json::parse_event_t::array_start;
    if (opens && depth >= kDepthOfAnswer) refuse_rewards("something deeper", line);
    if (event == json::parse_event_t::key && ++num_keys > 1) refuse_rewards("several members", line);
    return true;
  };
  try {
    return json::parse(line, check);
  } catch (const json::exception&) {
    refuse_rewards("what is no JSON", line);
  }
}

}  // namespace

std::string request_line(const std::vector<Submission>& submissions) {
  json request = {{"prompts", json::array()}, {"completions", json::array()}, {"completion_ids", json::array()}};
  for (const Submission& submission : submissions) {
    json prompt = trl_prompt(submission);
    request["completions"].push_back(trl_completion(submission, prompt));
    request["prompts"].push_back(std::move(prompt));
    request["completion_ids"].push_back(
        std::vector<int32_t>(submission.completion_ids.begin(), submission.completion_ids.end()));
  }
  add_row_columns(submissions, request);
  std::string line = request.dump(-1, ' ', false, json::error_handler_t::replace);
  if (line.size() <= kLongestRequest) return line;
  throw CommandFailure("would be asked about " + std::to_string(line.size()) + " bytes at once, more than the " +
                       std::to_string(kLongestRequest) +
                       " of a batch; leave out columns, or take fewer prompts a step");
}

size_t longest_answer(size_t num_completions) { return kBytesOfAnswer + kBytesOfReward * num_completions; }

std::vector<Score> read_answer(const std::string& line, size_t num_completions) {
  const json answer = parse_rewards(line);
  if (!answer.is_object() || answer.empty()) refuse_rewards(std::string("a JSON ") + answer.type_name(), line);
  if (answer.contains("error") && answer["error"].is_string()) {
    throw CommandFailure("says: " + shortened_visible(answer["error"].get_ref<const std::string&>(), kBytesOfAnswer));
  }
  if (!answer.contains("rewards") || !answer["rewards"].is_array()) refuse_rewards("no list `rewards`", line);
  const json& rewards = answer["rewards"];
  if (rewards.size() != num_completions) {
    throw CommandFailure("gave " + std::to_string(rewards.size()) + " rewards for " + std::to_string(num_completions) +
                         " completions");
  }
  std::vector<Score> scores;
  for (const json& reward : rewards) {
    if (!reward.is_number() && !reward.is_null())
      refuse_rewards(std::string("a reward that is a ") + reward.type_name(), line);
    scores.emplace_back();
    if (reward.is_number()) scores.back().value = reward.get<double>();
  }
  return scores;
}

void check_columns(const data::Example& example, const std::string& place) {
  for (const char* key : {"prompts", "completions"}) {
    if (!example.columns.contains(key)) continue;
    throw InputError(place, std::string("has a column `") + key +
                                "`, which is what a command's requests call all of them; give it another name");
  }
}

}  // namespace aha::reward
