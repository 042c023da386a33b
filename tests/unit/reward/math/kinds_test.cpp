// A few hand-worked cases of each kind of answer, with the verdict that each must get.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "reward/math/judge.h"

namespace aha::reward::math::kinds_test {
namespace {

struct Case {
  std::string gold;
  std::vector<std::string> equal, different, undecided = {}, unparsable = {};
};

void check(const Case& each, const Declaration& declaration = {}) {
  EXPECT_TRUE(is_gold(each.gold, declaration)) << each.gold;
  const auto expect = [&](const std::vector<std::string>& answers, Verdict verdict) {
    for (const std::string& answer : answers) {
      EXPECT_EQ(judge(each.gold, answer, declaration).verdict, verdict) << each.gold << " and " << answer;
    }
  };
  expect(each.equal, Verdict::kEqual);
  expect(each.different, Verdict::kDifferent);
  expect(each.undecided, Verdict::kUndecided);
  expect(each.unparsable, Verdict::kUnparsable);
}

Declaration with_units(std::vector<std::string> units) {
  Declaration declaration;
  declaration.units = std::move(units);
  return declaration;
}

TEST(Kinds, TranscendentalNumbers) {
  check({"\\ln 6", {"\\ln 2+\\ln 3", "\\frac{\\log_2 6}{\\log_2 e}"}, {"\\ln 2\\ln 3", "1.791759469228055"}});
  check(
      {"\\frac{1}{2}", {"\\sin\\frac{\\pi}{6}", "\\cos 60^\\circ", "\\log_9 3"}, {"\\sin 30", "\\cos\\frac{\\pi}{6}"}});
  check({"-1", {"e^{i\\pi}", "\\cos\\pi"}, {"e^{\\pi}", "e^{2\\pi i}"}});
  check({"\\sqrt{5+2\\sqrt{6}}", {"\\sqrt2+\\sqrt3"}, {"\\sqrt3-\\sqrt2", "\\sqrt2+\\sqrt3+10^{-50}"}});
  check(
      {"\\pi", {"4\\arctan 1", "180^\\circ", "2\\arcsin 1"}, {"3.14159265358979323846264338327950288", "180", "22/7"}});
}

// A small number that is written down is not lost, however small.
TEST(Kinds, NearlyEqualIsDifferentOrUndecided) {
  for (const std::string delta :
       {"10^{-20}", "10^{-50}", "10^{-90}", "e^{-100}", "\\frac{1}{100!}", "\\sin(10^{-60})"}) {
    EXPECT_EQ(judge("1", "\\sin^2(2)+\\cos^2(2)+" + delta).verdict, Verdict::kDifferent) << delta;
  }
  for (const std::string delta :
       {"10^{-300}", "2^{-4000}", "e^{-300}", "e^{-e^{7}}", "(\\sqrt{10^{400}+1}-10^{200})"}) {
    EXPECT_NE(judge("1", "\\sin^2(2)+\\cos^2(2)+" + delta).verdict, Verdict::kEqual) << delta;
  }
  // Ramanujan's constant misses a whole number by 7.5e-13.
  EXPECT_EQ(judge("262537412640768744", "e^{\\pi\\sqrt{163}}").verdict, Verdict::kDifferent);
}

TEST(Kinds, FunctionsOfVariables) {
  check({"\\sin^2 x", {"1-\\cos^2 x", "\\frac{1-\\cos(2x)}{2}"}, {"\\cos^2 x", "\\sin(x^2)", "1-\\cos^2 y"}});
  check({"2^{x+1}", {"2\\cdot 2^x", "2e^{x\\ln 2}"}, {"2^x+1", "4^x"}});
  check({"|x-1|", {"|1-x|", "\\sqrt{(x-1)^2}"}, {"x-1", "|x+1|"}});
  check({"\\binom{n}{2}", {"\\frac{n(n-1)}{2}"}, {"\\frac{n(n+1)}{2}"}});
  check({"n+1", {"\\frac{(n+1)!}{n!}"}, {"n", "\\frac{(n+2)!}{n!}"}});
  check({"\\ln(x^2)", {}, {"\\ln x"}, {"2\\ln x"}});  // equal where both are defined, but not defined alike
}

TEST(Kinds, NumbersBeyondExactArithmetic) {
  check({"\\frac{1}{2004!}", {"1/2004!", "\\frac{2005}{2005!}"}, {"\\frac{1}{2006!}", "0", "-1/2004!"}});
  check({"9^{9^{9^9}}", {"9^{9^{9^9}}"}, {"9^9", "5", "-9^{9^{9^9}}", "9^{-9^{9^9}}"}, {"9^{9^{9^9}}+1"}});
  check({"(a+b)^{90}", {"(b+a)^{90}", "(a^2+2ab+b^2)^{45}"}, {"(a-b)^{90}", "a^{90}+b^{90}"}});
}

TEST(Kinds, RepeatingDecimals) {
  check({"\\frac{1}{3}", {"0.\\overline{3}", "0.\\overline{33}"}, {"0.3", "0.333333", "0.\\overline{34}"}});
  check({"0.1\\overline{6}",
         {"1/6", "\\frac16"},
         {"0.16", "0.\\overline{16}"},
         {},
         {"0.1\\overline{}", "0.1\\overline{x}"}});
}

TEST(Kinds, Matrices) {
  const std::string gold = "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}";
  check({gold,
         {"\\begin{bmatrix} 1 & 2 \\\\ 3 & 4 \\\\ \\end{bmatrix}", "[[1,2],[3,4]]",
          "\\frac12\\begin{pmatrix}2&4\\\\6&8\\end{pmatrix}",
          "\\left[\\begin{array}{rr}1&2\\\\3&\\sqrt{16}\\end{array}\\right]", "A=" + gold},
         {"\\begin{pmatrix}1&3\\\\2&4\\end{pmatrix}", "\\begin{pmatrix}1&2\\end{pmatrix}", "10", "[[1,2],[3,5]]",
          "\\{1,2,3,4\\}"},
         {"(1,2,3,4)"},
         {"\\begin{pmatrix}1&2\\\\3\\end{pmatrix}", "\\begin{pmatrix}1&2", "\\begin{cases}1\\end{cases}", "1&2"}});
}

TEST(Kinds, EquationsAndInequalities) {
  check({"2x-y=1", {"y=2x-1", "4x-2y=2", "y-2x=-1"}, {"y=2x+1", "2x+y=1", "x=2y-1"}});
  check({"x^2+y^2=4", {"4=y^2+x^2", "2x^2+2y^2=8"}, {"x^2+y^2=2", "x^2-y^2=4", "x+y=4"}});
  check(
      {"x>3", {"3<x", "(3,\\infty)", "x\\in(3,\\infty)"}, {"x\\ge 3", "x<3", "x>\\pi", "[3,\\infty)", "3"}, {"2x>6"}});
  check({"1<x\\le 4", {"(1,4]", "4\\ge x>1"}, {"[1,4)", "1<x<4", "(1,5]", "x\\le 4", "1<y\\le 4"}});
  check({"(1,4)", {"(1, 4)"}, {"(4,1)", "[1,4]"}, {"1<x<4"}});  // may be a point
  check({"x=3", {"3", "3=x", "x = \\frac{6}{2}"}, {"x=4", "y=3", "x^2=9"}, {"2x=6"}});
  check({"5", {"2+3=5"}, {"5=6", "2+3=6", "x>5"}, {"x+y=5"}});
}

TEST(Kinds, Vectors) {
  check({"(1,2,3)",
         {"\\langle 1, 2, 3\\rangle", "(1, \\frac42, 3)"},
         {"\\langle 1, 2\\rangle", "(3,2,1)"},
         {"\\{1,2,3\\}"}});
}

TEST(Kinds, NumeralsOfOtherBases) {
  check({"101_2", {"101_{2}", "0101_2"}, {"111_2", "101_3", "101", "6"}, {"5", "12_3"}});
}

TEST(Kinds, DeclaredUnits) {
  check({"12",
         {"12 cm", "12\\text{ cm}", "\\text{12 cm}", "12\\,\\mathrm{cm}", "$12$ cm", "12", "12 CM"},
         {"13 cm", "12 m", "12 km"}},
        with_units({"cm"}));
  check({"12", {"12\\text{ cm}^2", "12 cm²", "12\\text{cm}^{2}"}, {"12\\text{ cm}", "144"}}, with_units({"cm^2"}));
  check({"7.5\\text{ m/s}", {"7.5", "7.5 m/s", "\\frac{15}{2}\\text{ m/s}"}, {"7.5 km/h"}}, with_units({"m/s"}));
  check({"50", {"50%", "50\\%", "50", "50 percent"}, {"0.5", "5%"}}, with_units({"%", "percent"}));
  check({"5", {"\\$5", "$5", "5 dollars"}, {"6 dollars", "5 euros"}}, with_units({"\\$", "dollars"}));
  EXPECT_NE(judge("12", "12 cm").verdict, Verdict::kEqual);
  EXPECT_EQ(judge("50", "50\\%").verdict, Verdict::kDifferent);
  EXPECT_NE(judge("1", "cm", with_units({"cm"})).verdict, Verdict::kEqual);
  EXPECT_FALSE(is_gold("cm cm +", with_units({"cm"})));
}

TEST(Kinds, DeclaredOrder) {
  Declaration ordered, set;
  ordered.multiple = Declaration::Multiple::kOrdered;
  set.multiple = Declaration::Multiple::kSet;
  check({"1, 2, 3", {"3, 2, 1", "1, 2, 3"}, {"1, 2", "1, 2, 3, 3", "1, 2, 4", "1"}});
  check({"1, 2, 3", {"1, 2, 3", "(1, 2, 3)"}, {"3, 2, 1", "1, 2"}}, ordered);
  check({"1, 2, 3", {"(3, 2, 1)", "\\{1,2,3,3\\}"}, {"1, 2", "1, 2, 4"}}, set);
}

}  // namespace
}  // namespace aha::reward::math::kinds_test
