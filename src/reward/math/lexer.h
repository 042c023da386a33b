// Cuts normalised LaTeX or plain mathematical text into tokens.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aha::reward::math {

enum class TokenKind {
  kNumber,     // text: a decimal without separators, e.g. "0.1(6)" with the digits that repeat
  kName,       // text: a variable or constant as in Monomial
  kWord,       // text: letters that together mean something: a word, a unit
  kText,       // text: what stood in \text{…}
  kFunction,   // text: sin, ln, …
  kCommand,    // text: frac, sqrt, surd, binom, infty, pm, cup, in, begin and end of a matrix
  kRelation,   // text: = != < > <= >=
  kSeparator,  // text: "," ";" or "and"
  kSymbol,     // text: one of + - * / ^ _ ! % ( ) [ ] { } | & deg, or "\{" "\}", or "\\" between rows
  kEnd,
};

struct Token {
  TokenKind kind;
  std::string text;
  bool is_spaced = false;  // white space stands before it
};

/// Ends with kEnd. Null for what is no mathematics or could be read in two ways (1e-3).
std::optional<std::vector<Token>> tokenize(std::string_view normalised);

/// The text in lower case with single spaces if it is words and nothing else ("\text{Not enough}"), else empty.
std::string words_of(std::string_view normalised);

}  // namespace aha::reward::math
