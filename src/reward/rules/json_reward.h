// 1 if the answer is JSON, and what the schema asks for.
#pragma once
#include <memory>

#include "aha/reward/reward.h"

namespace aha::reward {

class JsonSchema;

/// The answer is what stands after the reasoning, in <answer> tags if there are some, and of that the last ```json
/// block if there is one. JSON as RFC 8259 has it, in UTF-8, nested at most 64 levels deep, no member twice. The schema
/// is the row's column `schema` (an object, or its text), else that of the file `schema`; without one any JSON will do.
///
/// Detail: "verdict" matches · different ("place", a JSON pointer, and "reason") · unparsable ("reason") · undecided ·
/// unparsable_gold (the schema itself is wrong; null).
class JsonReward final : public Reward {
 public:
  using Reward::score;
  /// @throws InputError for a schema file that is not there or no schema
  explicit JsonReward(const JsonOptions& options);
  Score score(const Submission& submission) const override;
  void check_example(const data::Example& example, const std::string& place) const override;
  /// Sorted and without spaces, so that equal values are equal texts.
  std::string extract(const std::string& completion_text) const override;

 private:
  std::shared_ptr<const JsonSchema> schema_of(const data::Example& example, const std::string& place) const;

  std::shared_ptr<const JsonSchema> schema_;
};

}  // namespace aha::reward
