// The LaTeX commands that answers may hold.
#pragma once
#include <string_view>

#include "reward/math/lexer.h"

namespace aha::reward::math {

// Names without their backslash.
bool is_silent(std::string_view name);    // says nothing: \left, \quad
bool is_textual(std::string_view name);   // holds words: \text, \mathrm
bool is_matrix(std::string_view name);    // an environment: pmatrix
bool is_function(std::string_view name);  // sin, ln, with or without a backslash
bool is_greek(std::string_view name);     // alpha

/// A command that is one token.
struct Command {
  std::string_view name;
  TokenKind kind;
  std::string_view text;
};
/// Null if there is no such command.
const Command* find_command(std::string_view name);

}  // namespace aha::reward::math
