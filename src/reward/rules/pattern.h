// A regular expression from a dataset that is looked for in text a model wrote.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace aha::reward {

/// As ECMA-262 has it where PCRE2 has the same: \d, \w and \s are ASCII, `$` is the end of the text. Thread-safe.
class Pattern {
 public:
  /// @param place for errors: "tasks.jsonl, row 3: schema/properties/name/pattern"
  /// @throws InputError for one that does not compile or is over 10 kB
  Pattern(const std::string& pattern, const std::string& place);
  /// Whether it matches anywhere in the text, which must be UTF-8; null where the text is over 100 kB or that takes
  /// over 1,000,000 steps.
  std::optional<bool> is_in(std::string_view text) const;

 private:
  std::shared_ptr<const void> code_;
};

}  // namespace aha::reward
