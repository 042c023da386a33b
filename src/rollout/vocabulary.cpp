// Makes the tables once, for whoever asks first.
#include "rollout/vocabulary.h"

#include <mutex>

#include "rollout/json_automaton.h"

namespace aha::rollout {

namespace {

std::vector<int32_t> inside(std::vector<int32_t> ids, int64_t vocab_size) {
  std::erase_if(ids, [&](int32_t id) { return id < 0 || id >= vocab_size; });
  return ids;
}

}  // namespace

Vocabulary::Tables::Tables(const data::Tokenizer& tokenizer, int64_t vocab_size, const std::vector<int32_t>& eos_ids)
    : ends(inside(eos_ids, vocab_size)),
      texts(read_token_texts(tokenizer, vocab_size, ends)),
      later_trie(texts.later.texts()),
      string_V(vocab_size) {
  if (texts.first != texts.later) first_trie.emplace(texts.first.texts());
  const std::vector<TokenText> all = texts.later.texts();
  for (const TokenText& text : all) {
    if (text.bytes.size() == 1) byte_tokens[static_cast<uint8_t>(text.bytes[0])].push_back(text.token);
  }
  for (int byte = 0x80; byte < 0xC0; ++byte) has_all_bytes = has_all_bytes && !byte_tokens[byte].empty();
  fill_strings(all);
}

void Vocabulary::Tables::fill_strings(const std::vector<TokenText>& all) {
  std::vector<TokenText> behind_quote;
  for (const TokenText& text : all) {
    JsonState state{.place = JsonState::Place::kString};
    size_t length = 0;
    bool is_read = true, is_closed = false;
    while (is_read && !is_closed && length < text.bytes.size()) {
      is_read = read_json_byte(state, static_cast<uint8_t>(text.bytes[length++]));
      is_closed = state.place == JsonState::Place::kDone;
    }
    if (!is_read) continue;
    if (is_closed)
      behind_quote.push_back({text.bytes.substr(length), text.token});
    else
      string_V[text.token] = has_all_bytes || !state.is_inside_character();
  }
  closing.emplace(std::move(behind_quote));
}

struct Vocabulary::State {
  std::shared_ptr<const data::Tokenizer> tokenizer;
  int64_t vocab_size;
  std::vector<int32_t> eos_ids;
  std::once_flag once = {};
  std::unique_ptr<const Tables> tables = nullptr;
};

Vocabulary::Vocabulary(std::shared_ptr<const data::Tokenizer> tokenizer, int64_t vocab_size,
                       std::vector<int32_t> eos_ids)
    : state_(new State{std::move(tokenizer), vocab_size, std::move(eos_ids)}) {}

Vocabulary::~Vocabulary() = default;

const Vocabulary::Tables* Vocabulary::tables() const {
  if (!state_->tokenizer) return nullptr;
  std::call_once(state_->once, [this] {
    state_->tables = std::make_unique<const Tables>(*state_->tokenizer, state_->vocab_size, state_->eos_ids);
  });
  return state_->tables.get();
}

}  // namespace aha::rollout
