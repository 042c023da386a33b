// Prompt templates and the tags of the R1 format.
#include "aha/data/template.h"

#include <array>

#include "aha/core/error.h"

namespace aha::data {
namespace {

constexpr const char* kR1ZeroPreamble =
    "This is a dialogue between User and Assistant. User states a problem and Assistant solves it. Assistant first "
    "thinks the problem through by itself and only then tells User the answer. What it thinks is written between "
    "<think> and </think>, what it answers between <answer> and </answer>, like this: <think> the thoughts go here "
    "</think> <answer> the answer goes here </answer>. ";

void render_into(Prompt& prompt, const std::vector<Message>& messages, const Tokenizer& tokenizer) {
  RenderedChat chat = tokenizer.render_chat(messages, /*add_generation_prompt=*/true, prompt.example.tools);
  prompt.text = std::move(chat.text);
  prompt.token_ids = std::move(chat.token_ids);
}

enum Tag { kThinkOpen, kThinkClose, kAnswerOpen, kAnswerClose, kNumTags };
constexpr std::array<std::string_view, kNumTags> kTags = {"<think>", "</think>", "<answer>", "</answer>"};

struct TagPlaces {
  std::array<size_t, kNumTags> first{};
  std::array<int64_t, kNumTags> count{};
  bool has_pair(Tag open, Tag close) const {
    return count[open] == 1 && count[close] == 1 && first[open] < first[close];
  }
};

TagPlaces find_tags(std::string_view text) {
  TagPlaces places;
  for (size_t i = text.find('<'); i != std::string_view::npos; i = text.find('<', i + 1)) {
    for (int tag = 0; tag < kNumTags; ++tag) {
      if (!text.substr(i).starts_with(kTags[tag])) continue;
      if (places.count[tag]++ == 0) places.first[tag] = i;
    }
  }
  return places;
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

std::string_view between_tags(std::string_view text, const TagPlaces& places, Tag open, Tag close) {
  const size_t begin = places.first[open] + kTags[open].size();
  return text.substr(begin, places.first[close] - begin);
}

}  // namespace

std::string plain_prompt(const std::string& problem) { return problem + "\n"; }

std::vector<Message> asked_messages(const Example& example) {
  std::vector<Message> messages = example.messages;
  while (!messages.empty() && messages.back().role == "assistant") messages.pop_back();
  return messages;
}

Prompt make_prompt(const Example& example, int64_t id, const std::string& template_name, const Tokenizer& tokenizer) {
  if (template_name != "plain" && template_name != "r1_zero" && template_name != "chat") {
    throw ConfigError("template", "`" + template_name + "` is not known; use plain, r1_zero or chat");
  }
  Prompt prompt;
  prompt.id = id;
  prompt.example = example;
  if (!example.messages.empty()) {
    render_into(prompt, asked_messages(example), tokenizer);
  } else if (template_name == "chat") {
    render_into(prompt, {{"user", example.prompt}}, tokenizer);
  } else {
    prompt.text = template_name == "plain" ? plain_prompt(example.prompt)
                                           : kR1ZeroPreamble + ("User: " + example.prompt) + ". Assistant:";
    prompt.token_ids = tokenizer.encode_prompt(prompt.text);
  }
  return prompt;
}

std::string tagged_completion(const std::string& reasoning, const std::string& answer) {
  return "<think>" + reasoning + "</think><answer>" + answer + "</answer>";
}

TaggedParts split_tags(std::string_view completion_text) {
  const TagPlaces places = find_tags(completion_text);
  TaggedParts parts;
  parts.has_reasoning = places.has_pair(kThinkOpen, kThinkClose);
  parts.has_answer = places.has_pair(kAnswerOpen, kAnswerClose);
  if (parts.has_reasoning) {
    parts.reasoning = between_tags(completion_text, places, kThinkOpen, kThinkClose);
    parts.summary = completion_text.substr(places.first[kThinkClose] + kTags[kThinkClose].size());
  }
  if (parts.has_answer) parts.answer = between_tags(completion_text, places, kAnswerOpen, kAnswerClose);
  if (!parts.has_reasoning || !parts.has_answer || places.first[kThinkClose] > places.first[kAnswerOpen]) return parts;

  const size_t end = places.first[kAnswerClose] + kTags[kAnswerClose].size();
  parts.is_well_formed = is_blank(completion_text.substr(0, places.first[kThinkOpen])) &&
                         is_blank(between_tags(completion_text, places, kThinkClose, kAnswerOpen)) &&
                         end == completion_text.size();
  return parts;
}

}  // namespace aha::data
