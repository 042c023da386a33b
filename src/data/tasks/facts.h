// A small fixed table of facts in two languages.
#pragma once
#include <span>

namespace aha::data {

struct Fact {
  const char *english_question, *english_answer;
  const char *chinese_question, *chinese_answer;
};

/// Facts whose answers are of one sort, so that they can stand beside each other as choices; answers differ.
std::span<const std::span<const Fact>> fact_groups();

}  // namespace aha::data
