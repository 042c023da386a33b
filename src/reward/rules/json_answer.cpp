// JSON that a model wrote.
#include "reward/rules/json_answer.h"

#include "aha/core/error.h"
#include "aha/data/jsonl.h"
#include "reward/extract.h"
#include "reward/rules/answer_part.h"

namespace aha::reward {

JsonAnswer read_json(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return {std::nullopt, "the answer is empty"};
  try {
    return {data::parse_json(text, "the answer")};
  } catch (const InputError& error) {
    return {std::nullopt, error.what()};
  }
}

JsonAnswer read_json_answer(std::string_view completion) {
  const AnswerPart part = answer_part(completion);
  return part.text ? read_json(last_json_block(*part.text)) : JsonAnswer{std::nullopt, part.reason};
}

}  // namespace aha::reward
