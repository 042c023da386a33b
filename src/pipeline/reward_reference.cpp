// Walks the stages twice: once for the last definition anywhere, once in order.
#include "pipeline/reward_reference.h"

#include <algorithm>
#include <map>
#include <set>

namespace aha::pipeline {
namespace {

using Definitions = std::map<std::string, ConfigTree>;

ConfigTree names_list(const std::vector<std::string>& names) {
  ConfigTree::List list;
  for (const std::string& name : names) list.push_back(ConfigTree(ConfigTree::Value(name)));
  return ConfigTree(ConfigTree::Value(std::move(list)));
}

std::string text_of(const ConfigTree* tree) {
  return tree && tree->is_string() ? std::get<std::string>(tree->value()) : std::string();
}

// A map with nothing but a name adds nothing to a definition, so it counts as a bare name.
bool is_bare(const ConfigTree& item) {
  return item.is_string() || (item.is_map() && item.map().size() == 1 && item.find("name"));
}

std::string name_of(const ConfigTree& item) { return item.is_map() ? text_of(item.find("name")) : text_of(&item); }

void learn(const ConfigTree& item, Definitions& definitions) {
  if (item.is_map() && !is_bare(item) && !name_of(item).empty()) definitions[name_of(item)] = item;
}

void write_defaults(ConfigTree& stage) {
  const std::string kind = text_of(stage.find("kind"));
  const std::vector<std::string> measured = {"accuracy", "format", "language_consistency"};
  if (kind == "evaluate" && !stage.find("rewards")) stage.put("rewards", names_list(measured));
  if (kind == "rejection_sampling" && !stage.find("rewards")) stage.put("rewards", names_list({"accuracy"}));
  for (const char* key : {"eval", "stop_at"}) {
    ConfigTree* nested = stage.find(key);
    if (nested && nested->is_map() && !nested->find("rewards")) nested->put("rewards", names_list(measured));
  }
}

struct RewardList {
  std::string path;  // within the stage: "eval.rewards"
  ConfigTree* tree;
  std::string template_name;  // of the prompts it judges
};

std::string template_of(const ConfigTree& stage, const std::string& otherwise) {
  const std::string own = text_of(stage.find("template"));
  return own.empty() ? otherwise : own;
}

// A reward model must see what it was trained on: the template is a fact of the stage that trained it.
void write_template(ConfigTree& item, const ConfigTree::List& stages, const std::string& otherwise) {
  if (!item.is_map() || item.find("template")) return;
  const std::string verifier = text_of(item.find("verifier")), name = text_of(item.find("model"));
  if ((verifier.empty() ? name_of(item) : verifier) != "reward_model" || name.empty()) return;
  const auto trained = std::find_if(stages.begin(), stages.end(),
                                    [&](const ConfigTree& stage) { return text_of(stage.find("name")) == name; });
  const std::string found = trained == stages.end() ? otherwise : template_of(*trained, "plain");
  item.put("template", ConfigTree(ConfigTree::Value(found)));
}

// All reward lists of a stage; those of the wrong shape are left for the strict reader to refuse.
std::vector<RewardList> reward_lists(ConfigTree& stage) {
  std::vector<RewardList> lists;
  const std::string of_stage = template_of(stage, "plain");
  const auto take = [&](const std::string& path, ConfigTree* list, const std::string& template_name) {
    if (list && list->is_list()) lists.push_back({path, list, template_name});
  };
  take("rewards", stage.find("rewards"), of_stage);
  for (const char* key : {"eval", "stop_at"}) {
    ConfigTree* nested = stage.find(key);
    if (!nested || !nested->is_map()) continue;
    take(std::string(key) + ".rewards", nested->find("rewards"), template_of(*nested, of_stage));
  }
  return lists;
}

ConfigTree definition_of(const std::string& name, const Definitions& above, const Definitions& anywhere) {
  if (const auto found = above.find(name); found != above.end()) return found->second;
  if (const auto found = anywhere.find(name); found != anywhere.end()) return found->second;
  ConfigTree plain;
  plain.put("name", ConfigTree(ConfigTree::Value(name)));
  return plain;
}

}  // namespace

void resolve_rewards(ConfigTree& recipe) {
  ConfigTree* stages = recipe.is_map() ? recipe.find("stages") : nullptr;
  if (!stages || !stages->is_list()) return;
  Definitions anywhere;
  for (ConfigTree& stage : stages->list()) {
    if (!stage.is_map()) continue;
    write_defaults(stage);
    for (const RewardList& list : reward_lists(stage)) {
      for (const ConfigTree& item : list.tree->list()) learn(item, anywhere);
    }
  }
  Definitions above;
  for (ConfigTree& stage : stages->list()) {
    if (!stage.is_map()) continue;
    for (const RewardList& list : reward_lists(stage)) {
      for (ConfigTree& item : list.tree->list()) {
        if (is_bare(item) && !name_of(item).empty()) item = definition_of(name_of(item), above, anywhere);
        learn(item, above);
        write_template(item, stages->list(), list.template_name);
      }
    }
  }
}

void refuse_commands(const std::vector<ConfigTree>& stages) {
  ConfigErrors errors;
  for (size_t s = 0; s < stages.size(); ++s) {
    ConfigTree stage = stages[s];
    for (const RewardList& list : reward_lists(stage)) {
      for (size_t i = 0; i < list.tree->list().size(); ++i) {
        reward::RewardConfig reward;
        read_config(list.tree->list()[i], "", reward, errors);
        if (reward::verifier_of(reward) != "command") continue;
        errors.add("stages." + std::to_string(s) + "." + list.path + "." + std::to_string(i) + ".command",
                   "is a program that would run with your rights; read it, and say --allow-commands");
      }
    }
  }
  errors.throw_if_any();
}

void check_rewards(const std::vector<reward::RewardConfig>& rewards, const std::string& path, ConfigErrors& errors) {
  std::set<std::string> seen;
  for (size_t i = 0; i < rewards.size(); ++i) {
    const reward::RewardConfig& reward = rewards[i];
    if (reward.name.empty()) continue;  // said already
    const std::string item = path + "." + std::to_string(i);
    for (const reward::Contradiction& wrong : reward::contradictions(reward)) {
      errors.add(item + "." + wrong.key, wrong.sentence);
    }
    if (!seen.insert(reward.name).second) errors.add(item + ".name", "`" + reward.name + "` is given twice");
  }
}

}  // namespace aha::pipeline
