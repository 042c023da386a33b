// What a judge is asked: instructions with the texts filled in, none of which can break out of its place.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "aha/data/tokenizer.h"

namespace aha::reward {

/// {name} of the instructions becomes the text of that name; other braces stay. The texts are not looked into: a {name}
/// in one of them is text.
std::string fill_in(std::string_view instructions, const std::map<std::string, std::string>& texts);

/// The text as material that cannot end what is around it: &, < and > as &amp; &lt; &gt;, so that it holds no tag, and
/// control tokens of the judge's tokenizer that are written without these ([INST], say) taken apart by a blank. Empty
/// where that does not free it of them.
std::string as_material(std::string_view text, const data::Tokenizer& tokenizer);

/// Ours, for `comparison: pointwise` or `pairwise`.
const std::string& default_instructions(const std::string& comparison);
/// What instructions must hold for that comparison but do not, as "{response}"; empty if nothing is missing.
std::string missing_place(const std::string& instructions, const std::string& comparison);

}  // namespace aha::reward
