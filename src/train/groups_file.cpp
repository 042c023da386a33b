#include "train/groups_file.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/data/jsonl.h"

namespace aha::train {
namespace {

using nlohmann::ordered_json;

ordered_json row_of(const Group& group, const data::Completion& completion) {
  ordered_json row = {{"prompt", group.prompt.id},
                      {"step", group.step},
                      {"sample", completion.sample_index},
                      {"finish_reason", data::finish_reason_name(completion.finish_reason)},
                      {"token_ids", completion.token_ids},
                      {"policy_versions", completion.policy_versions},
                      {"logprobs", completion.logprobs},
                      {"policy_logprobs", completion.policy_logprobs},
                      // As bytes: a completion may end inside a character, which JSON's strings cannot hold.
                      {"text", std::vector<uint8_t>(completion.text.begin(), completion.text.end())}};
  if (!completion.routing.empty()) row["routing"] = completion.routing;
  if (completion.sample_index == 0 && !group.prompt_routing.empty()) row["prompt_routing"] = group.prompt_routing;
  return row;
}

// One line of the file. What is wrong with it is said with its place.
class Row {
 public:
  Row(const ordered_json& row, std::string place) : row_(row), place_(std::move(place)) {}

  [[noreturn]] void refuse(const std::string& what) const {
    throw InputError(place_, what + "; the checkpoint is damaged or belongs to other settings, remove it");
  }

  int64_t integer(const char* key, int64_t most = std::numeric_limits<int64_t>::max()) const {
    return checked_integer(at(key), key, most);
  }

  template <class Number>
  std::vector<Number> integers(const char* key) const {
    std::vector<Number> numbers;
    for (const ordered_json& item : list(key)) {
      numbers.push_back(static_cast<Number>(checked_integer(item, key, std::numeric_limits<Number>::max())));
    }
    return numbers;
  }

  /// Nothing where the key is absent.
  std::vector<uint8_t> record(const char* key) const {
    return row_.contains(key) ? integers<uint8_t>(key) : std::vector<uint8_t>();
  }

  std::vector<float> floats(const char* key) const {
    std::vector<float> numbers;
    for (const ordered_json& item : list(key)) {
      if (!item.is_number()) refuse(fmt::format("`{}` holds something that is no number", key));
      numbers.push_back(item.get<float>());
      if (!std::isfinite(numbers.back())) refuse(fmt::format("`{}` holds a number that is too large", key));
    }
    return numbers;
  }

  data::FinishReason finish_reason() const {
    for (const auto reason :
         {data::FinishReason::kStop, data::FinishReason::kLength, data::FinishReason::kUnfinished}) {
      if (at("finish_reason") == data::finish_reason_name(reason)) return reason;
    }
    refuse("`finish_reason` is unknown");
  }

 private:
  const ordered_json& at(const char* key) const {
    const auto found = row_.find(key);
    if (found == row_.end()) refuse(fmt::format("has no `{}`", key));
    return *found;
  }
  const ordered_json& list(const char* key) const {
    if (!at(key).is_array()) refuse(fmt::format("`{}` is no list", key));
    return at(key);
  }
  int64_t checked_integer(const ordered_json& value, const char* key, int64_t most) const {
    if (!value.is_number_unsigned() || value.get<uint64_t>() > static_cast<uint64_t>(most)) {
      refuse(fmt::format("`{}` holds something that is no count", key));
    }
    return value.get<int64_t>();
  }

  const ordered_json& row_;
  std::string place_;
};

data::Completion completion_of(const Row& row) {
  data::Completion completion;
  completion.sample_index = row.integer("sample");
  completion.finish_reason = row.finish_reason();
  completion.token_ids = row.integers<int32_t>("token_ids");
  completion.policy_versions = row.integers<int32_t>("policy_versions");
  completion.logprobs = row.floats("logprobs");
  completion.policy_logprobs = row.floats("policy_logprobs");
  const std::vector<uint8_t> text = row.integers<uint8_t>("text");
  completion.text.assign(text.begin(), text.end());
  completion.routing = row.record("routing");
  const size_t length = completion.token_ids.size();
  if (completion.policy_versions.size() != length || completion.logprobs.size() != length ||
      completion.policy_logprobs.size() != length) {
    row.refuse("its lists are not one entry a token");
  }
  return completion;
}

}  // namespace

void save_groups(const std::filesystem::path& file, const Groups& groups) {
  std::string lines;
  for (const Group& group : groups) {
    for (const data::Completion& completion : group.completions) lines += data::json_line(row_of(group, completion));
  }
  write_file_atomic(file, lines);
}

Groups load_groups(const std::filesystem::path& file, const data::PromptBatch& prompts, int64_t num_generations) {
  std::unordered_map<int64_t, const data::Prompt*> prompt_of;
  for (const data::Prompt& prompt : prompts) prompt_of[prompt.id] = &prompt;
  Groups groups;
  data::read_jsonl(file, [&](int64_t line, ordered_json values) {
    const Row row(values, fmt::format("{}:{}", file.string(), line));
    const int64_t id = row.integer("prompt"), step = row.integer("step");
    data::Completion completion = completion_of(row);
    if (completion.sample_index == 0) {
      const auto prompt = prompt_of.find(id);
      if (prompt == prompt_of.end()) row.refuse(fmt::format("there is no prompt {}", id));
      groups.push_back({.prompt = *prompt->second, .step = step, .prompt_routing = row.record("prompt_routing")});
    }
    const bool follows = !groups.empty() && groups.back().prompt.id == id && groups.back().step == step &&
                         completion.sample_index == std::ssize(groups.back().completions);
    if (!follows) row.refuse(fmt::format("sample {} does not follow the line before", completion.sample_index));
    groups.back().completions.push_back(std::move(completion));
  });
  for (const Group& group : groups) {
    if (std::ssize(group.completions) == num_generations) continue;
    throw InputError(file.string(),
                     fmt::format("prompt {} has {} completions instead of {}; the checkpoint is damaged or belongs to "
                                 "other settings, remove it",
                                 group.prompt.id, group.completions.size(), num_generations));
  }
  return groups;
}

}  // namespace aha::train
