// Character by character, in one pass.
#include "reward/math/normalise.h"

#include <algorithm>
#include <iterator>

#include "reward/code_points.h"

namespace aha::reward::math {
namespace {

struct Replacement {
  char32_t from;
  const char* to;
};

constexpr Replacement kReplacements[] = {
    {U'×', "*"},
    {U'⋅', "*"},
    {U'·', "*"},
    {U'∙', "*"},
    {U'∗', "*"},
    {U'÷', "\\div "},
    {U'π', "\\pi "},
    {U'𝜋', "\\pi "},
    {U'√', "\\surd "},
    {U'∞', "\\infty "},
    {U'∪', "\\cup "},
    {U'≤', "\\le "},
    {U'⩽', "\\le "},
    {U'≥', "\\ge "},
    {U'⩾', "\\ge "},
    {U'≠', "\\ne "},
    {U'∈', "\\in "},
    {U'±', "\\pm "},
    {U'°', "^\\circ "},
    {U'∅', "\\emptyset "},
    {U'½', "\\frac{1}{2}"},
    {U'⅓', "\\frac{1}{3}"},
    {U'⅔', "\\frac{2}{3}"},
    {U'¼', "\\frac{1}{4}"},
    {U'¾', "\\frac{3}{4}"},
    {U'⅕', "\\frac{1}{5}"},
    {U'⅖', "\\frac{2}{5}"},
    {U'⅗', "\\frac{3}{5}"},
    {U'⅘', "\\frac{4}{5}"},
    {U'⅙', "\\frac{1}{6}"},
    {U'⅚', "\\frac{5}{6}"},
    {U'⅛', "\\frac{1}{8}"},
    {U'⅜', "\\frac{3}{8}"},
    {U'⅝', "\\frac{5}{8}"},
    {U'⅞', "\\frac{7}{8}"},
    {U'α', "\\alpha "},
    {U'β', "\\beta "},
    {U'γ', "\\gamma "},
    {U'δ', "\\delta "},
    {U'θ', "\\theta "},
    {U'λ', "\\lambda "},
    {U'μ', "\\mu "},
    {U'σ', "\\sigma "},
    {U'φ', "\\phi "},
    {U'ω', "\\omega "},
    {U'\x2009', "\\,"},
    {U'\x202F', "\\,"},
};

struct Script {
  char32_t from;
  char to;
};
constexpr Script kSuperscripts[] = {{U'⁰', '0'}, {U'¹', '1'}, {U'²', '2'}, {U'³', '3'}, {U'⁴', '4'},
                                    {U'⁵', '5'}, {U'⁶', '6'}, {U'⁷', '7'}, {U'⁸', '8'}, {U'⁹', '9'},
                                    {U'⁻', '-'}, {U'⁺', '+'}, {U'ⁿ', 'n'}};

char superscript(char32_t code_point) {
  for (const Script& script : kSuperscripts) {
    if (script.from == code_point) return script.to;
  }
  return 0;
}

const char* replacement(char32_t code_point) {
  for (const Replacement& each : kReplacements) {
    if (each.from == code_point) return each.to;
  }
  return nullptr;
}

void append_plain(std::string& out, char32_t code_point) {
  if (is_invisible(code_point)) return;
  if (const int digit = digit_value(code_point); digit >= 0) {
    out += static_cast<char>('0' + digit);
  } else if (const char* text = code_point < 0x80 ? nullptr : replacement(code_point)) {
    out += text;
  } else if (is_space(code_point)) {
    out += ' ';
  } else {
    append_utf8(out, plain_form(code_point));
  }
}

void trim(std::string& text) {
  while (!text.empty() && text.back() == ' ') text.pop_back();
  text.erase(0, std::min(text.find_first_not_of(' '), text.size()));
}

}  // namespace

std::optional<std::string> normalise(std::string_view text) {
  if (text.size() > kMaxAnswerBytes) return std::nullopt;
  std::string out;
  bool is_raised = false;
  for (size_t place = 0; place < text.size();) {
    const char32_t code_point = next_code_point(text, place);
    if (code_point == kBrokenByte) return std::nullopt;
    const char raised = superscript(code_point);
    if ((raised != 0) != is_raised) out += is_raised ? "}" : "^{";
    is_raised = raised != 0;
    if (is_raised) {
      out += raised;
    } else {
      append_plain(out, code_point);
    }
  }
  if (is_raised) out += '}';
  trim(out);
  if (out.size() > 1 && out.back() == '.') out.pop_back();
  trim(out);
  return out;
}

}  // namespace aha::reward::math
