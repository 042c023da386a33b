// Searches the decoded end of a completion for stop strings.
#include "rollout/stop_strings.h"

#include <algorithm>

#include "aha/core/error.h"

namespace aha::rollout {

namespace {

// A token writes a byte or more, but for a few that write none (a lone space mark, padding): room for some of those.
constexpr int64_t kSilentTokens = 8;

}  // namespace

std::string decode_known(const data::Tokenizer& tokenizer, std::vector<int32_t> token_ids) {
  std::erase_if(token_ids, [&](int32_t id) { return id >= tokenizer.vocab_size(); });
  return tokenizer.decode(token_ids);
}

StopStrings::StopStrings(const std::vector<std::string>& strings, const data::Tokenizer* tokenizer)
    : strings_(strings), tokenizer_(tokenizer) {
  if (strings_.empty()) return;
  if (!tokenizer_) throw InputError("stop", "needs a tokenizer; this model folder has none");
  for (const std::string& text : strings_) {
    if (text.empty()) throw InputError("stop", "an empty string would end every completion; remove it");
    window_tokens_ = std::max(window_tokens_, static_cast<int64_t>(text.size()) + kSilentTokens);
  }
}

bool StopStrings::ends(const std::vector<int32_t>& token_ids) const {
  if (strings_.empty()) return false;
  const int64_t window = std::min(window_tokens_, static_cast<int64_t>(token_ids.size()));
  if (find_first(decode_known(*tokenizer_, {token_ids.end() - window, token_ids.end()})) == std::string::npos)
    return false;
  return find_first(decode_known(*tokenizer_, token_ids)) != std::string::npos;
}

std::string StopStrings::cut(std::string text) const {
  const size_t end = find_first(text);
  if (end != std::string::npos) text.resize(end);
  return text;
}

size_t StopStrings::find_first(const std::string& text) const {
  size_t first = std::string::npos;
  for (const std::string& stop : strings_) first = std::min(first, text.find(stop));
  return first;
}

}  // namespace aha::rollout
