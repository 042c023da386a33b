// Whether a JSON value is what a schema asks for.
#pragma once
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace aha::reward {

struct SchemaNode;

/// A JSON schema as structured output uses them: of draft 2020-12 all keywords of validation, `$ref` to places of the
/// same schema, and annotations. `format` is an annotation: it is not checked. No `$dynamicRef`, `$anchor`,
/// `dependentSchemas`, `unevaluated…` and content keywords. Thread-safe.
class JsonSchema {
 public:
  /// @throws InputError "place, #/properties/a: …" for a keyword that is not known or not well-formed, a `$ref` that
  /// leads nowhere or in a circle, and a pattern that does not compile
  JsonSchema(const nlohmann::json& schema, const std::string& place);

  enum class Verdict { kMatches, kDiffers, kUndecided };  // undecided: over 200,000 steps, or a pattern too slow
  struct Finding {
    Verdict verdict = Verdict::kMatches;
    std::string place = {};   // of the first part that differs, as a JSON pointer; "" is the whole value
    std::string reason = {};  // what the schema says of it
  };
  /// @param value nested at most 64 levels deep
  Finding check(const nlohmann::json& value) const;

 private:
  std::shared_ptr<const std::vector<SchemaNode>> nodes_;  // the first one is the whole schema
};

}  // namespace aha::reward
