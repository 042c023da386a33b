// Tables of LaTeX commands.
#include "reward/math/vocabulary.h"

#include <algorithm>
#include <array>

namespace aha::reward::math {
namespace {

template <size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

constexpr std::array<std::string_view, 24> kSilent = {
    "left",         "right",     "big",    "Big", "bigl", "bigr", "Bigl", "Bigr", "bigg", "Bigg", "quad", "qquad",
    "displaystyle", "textstyle", "limits", "!",   ",",    ";",    ":",    ">",    " ",    "(",    ")",    "$"};
constexpr std::array<std::string_view, 13> kTextual = {"text",         "textbf", "textit", "textrm", "textnormal",
                                                       "mathrm",       "mathbf", "mathit", "mbox",   "hbox",
                                                       "operatorname", "mathsf", "mathbb"};
constexpr std::array<std::string_view, 6> kMatrices = {"pmatrix",     "bmatrix", "matrix",
                                                       "smallmatrix", "Bmatrix", "array"};
constexpr std::array<std::string_view, 16> kFunctions = {"sin",    "cos",    "tan",    "cot",  "sec",  "csc",
                                                         "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh",
                                                         "ln",     "log",    "lg",     "exp"};
constexpr std::array<std::string_view, 24> kGreek = {
    "alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "zeta", "eta",    "theta", "iota", "kappa", "lambda",
    "mu",    "nu",   "xi",    "rho",   "sigma",   "tau",        "phi",  "varphi", "chi",   "psi",  "omega", "Omega"};

constexpr Command kCommands[] = {
    {"frac", TokenKind::kCommand, "frac"},
    {"dfrac", TokenKind::kCommand, "frac"},
    {"tfrac", TokenKind::kCommand, "frac"},
    {"cfrac", TokenKind::kCommand, "frac"},
    {"sqrt", TokenKind::kCommand, "sqrt"},
    {"surd", TokenKind::kCommand, "surd"},
    {"binom", TokenKind::kCommand, "binom"},
    {"dbinom", TokenKind::kCommand, "binom"},
    {"tbinom", TokenKind::kCommand, "binom"},
    {"infty", TokenKind::kCommand, "infty"},
    {"pm", TokenKind::kCommand, "pm"},
    {"cup", TokenKind::kCommand, "cup"},
    {"in", TokenKind::kCommand, "in"},
    {"pi", TokenKind::kName, "#pi"},
    {"cdot", TokenKind::kSymbol, "*"},
    {"times", TokenKind::kSymbol, "*"},
    {"ast", TokenKind::kSymbol, "*"},
    {"div", TokenKind::kSymbol, "/"},
    {"%", TokenKind::kSymbol, "%"},
    {"{", TokenKind::kSymbol, "\\{"},
    {"}", TokenKind::kSymbol, "\\}"},
    {"lbrace", TokenKind::kSymbol, "\\{"},
    {"rbrace", TokenKind::kSymbol, "\\}"},
    {"circ", TokenKind::kSymbol, "deg"},
    {"lvert", TokenKind::kSymbol, "|"},
    {"rvert", TokenKind::kSymbol, "|"},
    {"vert", TokenKind::kSymbol, "|"},
    {"le", TokenKind::kRelation, "<="},
    {"leq", TokenKind::kRelation, "<="},
    {"leqslant", TokenKind::kRelation, "<="},
    {"lt", TokenKind::kRelation, "<"},
    {"ge", TokenKind::kRelation, ">="},
    {"geq", TokenKind::kRelation, ">="},
    {"geqslant", TokenKind::kRelation, ">="},
    {"gt", TokenKind::kRelation, ">"},
    {"ne", TokenKind::kRelation, "!="},
    {"neq", TokenKind::kRelation, "!="},
    {"langle", TokenKind::kSymbol, "("},
    {"rangle", TokenKind::kSymbol, ")"},
    {"emptyset", TokenKind::kText, "emptyset"},
    {"varnothing", TokenKind::kText, "emptyset"},
};

}  // namespace

bool is_silent(std::string_view name) { return is_one_of(name, kSilent); }
bool is_textual(std::string_view name) { return is_one_of(name, kTextual); }
bool is_matrix(std::string_view name) { return is_one_of(name, kMatrices); }
bool is_function(std::string_view name) { return is_one_of(name, kFunctions); }
bool is_greek(std::string_view name) { return is_one_of(name, kGreek); }

const Command* find_command(std::string_view name) {
  const auto* found = std::find_if(std::begin(kCommands), std::end(kCommands),
                                   [name](const Command& each) { return each.name == name; });
  return found == std::end(kCommands) ? nullptr : found;
}

}  // namespace aha::reward::math
