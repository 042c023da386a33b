// Finds the one program of a completion.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "aha/reward/sandbox.h"

namespace aha::reward {

struct CodeBlock {
  std::optional<ProgramLanguage> language;  // as the mark of its fence says; null where it says none
  std::string source;
};

struct CodeExtraction {
  std::optional<CodeBlock> block;
  std::string reason = {};  // why there is none
};

/// The last closed block between fences of ``` in the answering part (answer_part.h). Blocks that are marked as
/// anything but a language of ours (```text, ```json) are passed over, as is one that does not end. One pass.
CodeExtraction last_code_block(std::string_view completion);

/// "python", "py", "python3", "c", "cpp", "c++" …, in any case; null for other names.
std::optional<ProgramLanguage> named_language(std::string_view name);

}  // namespace aha::reward
