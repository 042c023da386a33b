// Bytes and special tokens to ids and back; chats as the model sees them.
#include "data/byte_tokenizer.h"

#include "aha/core/error.h"

namespace aha::data {
namespace {

std::vector<std::string> make_special_tokens() {
  std::vector<std::string> tokens = {"<pad>",    "<bos>",     "<eos>",      "<think>",  "</think>",
                                     "<answer>", "</answer>", "<|system|>", "<|user|>", "<|assistant|>"};
  const size_t count = ByteTokenizer::kVocabSize - ByteTokenizer::kNumBytes;
  for (int i = 0; tokens.size() < count; ++i) tokens.push_back("<|reserved_" + std::to_string(i) + "|>");
  return tokens;
}

// Index of the longest special token at the front of `text`, or -1.
int longest_special(std::string_view text) {
  const auto& specials = byte_special_tokens();
  int best = -1;
  for (size_t i = 0; i < specials.size(); ++i) {
    if (text.starts_with(specials[i]) && (best < 0 || specials[i].size() > specials[best].size())) best = int(i);
  }
  return best;
}

int32_t role_token(const std::string& role) {
  if (role == "system") return ByteTokenizer::kSystem;
  if (role == "user") return ByteTokenizer::kUser;
  if (role == "assistant") return ByteTokenizer::kAssistant;
  throw InputError("messages", "role `" + role + "` is not known; use system, user or assistant");
}

}  // namespace

const std::vector<std::string>& byte_special_tokens() {
  static const std::vector<std::string> tokens = make_special_tokens();
  return tokens;
}

std::vector<int32_t> ByteTokenizer::encode(std::string_view text) const {
  std::vector<int32_t> ids;
  ids.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const int special = text[i] == '<' ? longest_special(text.substr(i)) : -1;
    if (special < 0) {
      ids.push_back(static_cast<unsigned char>(text[i++]));
    } else {
      ids.push_back(kNumBytes + special);
      i += byte_special_tokens()[special].size();
    }
  }
  return ids;
}

std::string ByteTokenizer::decode(const std::vector<int32_t>& token_ids, bool skip_special) const {
  std::string text;
  text.reserve(token_ids.size());
  for (const int32_t id : token_ids) {
    if (id < 0 || id >= kVocabSize) {
      throw InputError("token id " + std::to_string(id), "is outside the vocabulary of 320 tokens");
    }
    if (id < kNumBytes) {
      text.push_back(static_cast<char>(id));
    } else if (!skip_special) {
      text += byte_special_tokens()[id - kNumBytes];
    }
  }
  return text;
}

RenderedChat ByteTokenizer::render_chat(const std::vector<Message>& messages, bool add_generation_prompt) const {
  RenderedChat chat;
  const auto add = [&](int32_t id, int32_t mask) {
    chat.text += byte_special_tokens()[id - kNumBytes];
    chat.token_ids.push_back(id);
    chat.assistant_mask.push_back(mask);
  };
  for (const Message& message : messages) {
    const int32_t role = role_token(message.role);
    const int32_t is_assistant = role == kAssistant;
    add(role, 0);
    // No special token holds a second '<', so encoding piece by piece equals encoding the whole text.
    const auto ids = encode(message.content);
    chat.text += message.content;
    chat.token_ids.insert(chat.token_ids.end(), ids.begin(), ids.end());
    chat.assistant_mask.insert(chat.assistant_mask.end(), ids.size(), is_assistant);
    if (is_assistant) add(kEos, 1);
  }
  if (add_generation_prompt) add(kAssistant, 0);
  return chat;
}

}  // namespace aha::data
