// Reads the answer strictly, then asks the schema.
#include "reward/rules/json_reward.h"

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/data/jsonl.h"
#include "reward/rules/json_answer.h"
#include "reward/rules/json_schema.h"

namespace aha::reward {
namespace {

Score judged(const JsonSchema& schema, const nlohmann::json& answer) {
  const JsonSchema::Finding finding = schema.check(answer);
  constexpr const char* kVerdicts[] = {"matches", "different", "undecided"};
  Score score;
  score.value = finding.verdict == JsonSchema::Verdict::kMatches ? 1.0 : 0.0;
  score.detail["verdict"] = kVerdicts[static_cast<int>(finding.verdict)];
  if (!finding.reason.empty()) {
    score.detail["place"] = finding.place.substr(0, 500);
    score.detail["reason"] = finding.reason;
  }
  return score;
}

}  // namespace

JsonReward::JsonReward(const JsonOptions& options) {
  const std::string& file = options.schema;
  if (!file.empty()) schema_ = std::make_shared<JsonSchema>(data::parse_json(read_file(file), file), file);
}

std::shared_ptr<const JsonSchema> JsonReward::schema_of(const data::Example& example, const std::string& place) const {
  const auto column = example.columns.find("schema");
  if (column == example.columns.end() || column->is_null()) return schema_;
  const std::string where = place + ": column `schema`";
  if (column->is_string())
    return std::make_shared<JsonSchema>(data::parse_json(column->get_ref<const std::string&>(), where), where);
  return std::make_shared<JsonSchema>(*column, where);
}

Score JsonReward::score(const Submission& submission) const {
  Score score;
  std::shared_ptr<const JsonSchema> schema;
  try {
    schema = schema_of(submission.example, "the row");
  } catch (const InputError& error) {
    score.detail = {{"verdict", "unparsable_gold"}, {"reason", error.what()}};
    return score;
  }
  const JsonAnswer answer = read_json_answer(submission.completion);
  if (!answer.value) {
    score.value = 0.0;
    score.detail = {{"verdict", "unparsable"}, {"reason", answer.reason}};
    return score;
  }
  if (schema) return judged(*schema, *answer.value);
  score.value = 1.0;
  score.detail["verdict"] = "matches";
  return score;
}

void JsonReward::check_example(const data::Example& example, const std::string& place) const {
  schema_of(example, place);
}

std::string JsonReward::extract(const std::string& completion_text) const {
  const JsonAnswer answer = read_json_answer(completion_text);
  return answer.value ? answer.value->dump() : "";
}

}  // namespace aha::reward
