"""Writes tests/data/math_pairs.jsonl: gold answers, candidates, and whether a mathematician calls them equal.

How each pair got its label: it is made by a transformation whose effect is known (rewrite a fraction, expand a square,
apply an addition theorem, add a delta), or it is a textbook value written down by hand; never by asking a program. What
depends on a convention that readers do not share (is a column a point? is 2x > 6 an answer where x > 3 is asked for?) is
left out. Rows may declare something, as a dataset does: `unit`, `percent`, `multiple`.

    python tests/data/make_math_pairs.py > tests/data/math_pairs.jsonl
"""
import json
import random
from fractions import Fraction

pairs: dict[str, dict] = {}


def pair(kind: str, answer: str, candidate: str, equal: bool, **declared) -> None:
    row = {"answer": answer, "candidate": candidate, "equal": equal, "kind": kind, **declared}
    key = json.dumps([answer, candidate, declared])
    assert pairs.setdefault(key, row)["equal"] == equal, (kind, answer, candidate)


def same(kind: str, answer: str, *candidates: str, **declared) -> None:
    for candidate in candidates:
        pair(kind, answer, candidate, True, **declared)


def different(kind: str, answer: str, *candidates: str, **declared) -> None:
    for candidate in candidates:
        pair(kind, answer, candidate, False, **declared)


def frac(value: Fraction, command: str = "frac") -> str:
    sign = "-" if value < 0 else ""
    return f"{sign}\\{command}{{{abs(value.numerator)}}}{{{value.denominator}}}"


def integers(rng: random.Random) -> None:
    for _ in range(25):
        n = rng.choice([rng.randint(-99, 99), rng.randint(1000, 10**9), rng.randint(10**18, 10**30)])
        text = str(n)
        same("integer", text, f"${n}$", f" {n}. ", f"{n}.0", f"\\boxed{{{n}}}", f"\\left({n}\\right)", f"\\text{{{n}}}")
        different("integer", text, str(n + 1), str(-n - 1), f"{n}.001", f"{n}0" if n else "1", f"{n}!" if n > 3 else "77")
        if n >= 1000:
            same("thousands", text, f"{n:,}", f"{n:,}".replace(",", "{,}"), f"{n:,}".replace(",", "\\,"))
            different("thousands", text, f"{n + 1000:,}", f"{n // 10:,}")


def scripts(rng: random.Random) -> None:
    digits = {"full-width": 0xFF10, "Arabic-Indic": 0x660, "Persian": 0x6F0, "Devanagari": 0x966, "bold": 0x1D7CE}
    for kind, zero in digits.items():
        n = rng.randint(100, 999)
        written = "".join(chr(zero + int(d)) for d in str(n))
        same("digits " + kind, str(n), written, "\u200b".join(written))
        same("digits " + kind, f"-{n}", "\u2212" + written)
        different("digits " + kind, str(n), "\u2212" + written, written[:-1])
    same("invisible", "42", "4\u200b2", "\u202e42\u202c", "4\ufeff2", "\u00a042")
    different("invisible", "4", "4\u200b2")
    same("superscript", "x^{2}", "x²")
    same("superscript", "10^{-3}", "10⁻³", "0.001")
    same("symbols", "2\\pi", "2π", "2 \\cdot \\pi", "π·2", "2*pi")
    same("symbols", "\\sqrt{12}", "√12", "√(12)", "2√3")
    same("symbols", "\\frac{1}{2}", "½", "1⁄2", "1/2", "1∕2")
    same("symbols", "\\frac{3}{2}", "1½", "1\\tfrac12")
    same("symbols", "x \\le 3", "x ≤ 3", "3 ≥ x")
    different("symbols", "x \\le 3", "x < 3", "x ≥ 3")


def fractions(rng: random.Random) -> None:
    for _ in range(25):
        value = Fraction(rng.randint(-60, 60), rng.randint(2, 40))
        if value.denominator == 1:
            continue
        p, q, m = value.numerator, value.denominator, rng.randint(2, 9)
        gold = frac(value)
        same("fraction", gold, f"{p}/{q}", frac(value, "dfrac"), frac(value, "tfrac"), f"{p * m}/{q * m}",
             f"\\frac{{{p}}}{{{q}}}", f"\\frac{{{-p}}}{{{-q}}}", f"{p} \\div {q}", f"{p}\\cdot {q}^{{-1}}")
        different("fraction", gold, f"{q}/{p}" if p else "1", f"{p + 1}/{q}", f"{p}/{q + 1}", f"{-p}/{q}" if p else "2",
                  f"{float(value):.4f}" if (value * 10**4).denominator != 1 else "0.12345", str(p), str(q))
        if p > q:
            whole, rest = divmod(p, q)
            same("mixed", gold, f"{whole}\\frac{{{rest}}}{{{q}}}", f"{whole} {rest}/{q}", f"{whole}+{rest}/{q}")
            different("mixed", gold, f"{whole}\\frac{{{rest}}}{{{q + 1}}}", f"-{whole} {rest}/{q}")
    for _ in range(15):
        value = Fraction(rng.randint(1, 9999), rng.choice([2, 4, 5, 8, 10, 16, 20, 25, 100, 1000]))
        decimal = f"{value.numerator * 10**6 // value.denominator / 10**6:.6f}"
        same("decimal", frac(value), decimal, decimal.rstrip("0").rstrip("."), "+" + decimal)
        different("decimal", frac(value), decimal + "1", decimal[:-2] + "9")
    same("decimal", "0.5", ".5", "0.50", "\\frac12", "1/2", "5 \\times 10^{-1}")
    same("percent", "50\\%", "50%", "0.5", "\\frac{1}{2}", "50 \\%")
    different("percent", "50", "50%", "50\\%")
    different("percent", "50\\%", "50", "5%")
    different("rounding", "\\frac{1}{3}", "0.3333333", "0.333", "33.3\\%")
    different("rounding", "\\frac{100}{3}", "33.3", "33.33", "33")
    different("rounding", "\\pi", "3.14159", "22/7", "3.14")
    different("rounding", "\\sqrt{2}", "1.41421356", "1.414")


def radicals(rng: random.Random) -> None:
    for _ in range(25):
        a, b = rng.randint(2, 12), rng.choice([2, 3, 5, 6, 7, 10, 11, 13, 15])
        gold = f"{a}\\sqrt{{{b}}}"
        same("surd", gold, f"\\sqrt{{{a * a * b}}}", f"\\sqrt{{{b}}}\\cdot {a}", f"{a}*sqrt({b})", f"{a}√{b}",
             f"\\frac{{{a * b}}}{{\\sqrt{{{b}}}}}", f"{a}\\cdot {b}^{{1/2}}", f"{a}\\cdot {b}^{{\\frac12}}")
        different("surd", gold, f"{a}\\sqrt{{{b + 4}}}", f"{a + 1}\\sqrt{{{b}}}", f"-{a}\\sqrt{{{b}}}", f"{a * b}",
                  f"\\sqrt{{{a * b}}}" if a != 1 else "0", f"{a}+\\sqrt{{{b}}}")
    for _ in range(15):
        a, b, c = rng.randint(1, 9), rng.randint(1, 9), rng.choice([2, 3, 5, 7])
        square = f"{a * a + b * b * c}+{2 * a * b}\\sqrt{{{c}}}"
        same("surd square", square, f"({a}+{b}\\sqrt{{{c}}})^2", f"{2 * a * b}\\sqrt{{{c}}}+{a * a + b * b * c}")
        different("surd square", square, f"({a}-{b}\\sqrt{{{c}}})^2", f"({a}+{b}\\sqrt{{{c}}})^3", square + "+1")
        if a * a != b * b * c:
            bottom = a * a - b * b * c
            same("conjugate", f"\\frac{{1}}{{{a}+{b}\\sqrt{{{c}}}}}", f"\\frac{{{a}-{b}\\sqrt{{{c}}}}}{{{bottom}}}")
            different("conjugate", f"\\frac{{1}}{{{a}+{b}\\sqrt{{{c}}}}}", f"\\frac{{{a}+{b}\\sqrt{{{c}}}}}{{{bottom}}}")
    same("root", "\\sqrt[3]{16}", "2\\sqrt[3]{2}", "2 \\cdot 2^{1/3}", "2^{4/3}")
    same("root", "\\sqrt{8}+\\sqrt{2}", "3\\sqrt{2}", "\\sqrt{18}")
    same("root", "\\sqrt{\\frac{1}{2}}", "\\frac{\\sqrt{2}}{2}", "\\frac{1}{\\sqrt2}", "\\frac{\\sqrt2}{2}")
    same("root", "\\sqrt[3]{-8}", "-2")
    same("root", "\\sqrt{2}\\sqrt{3}", "\\sqrt{6}", "\\sqrt{2}\\cdot\\sqrt{3}")
    different("root", "\\sqrt{2}+\\sqrt{3}", "\\sqrt{5}", "\\sqrt{6}", "\\sqrt{2}-\\sqrt{3}")
    different("root", "\\sqrt[3]{16}", "\\sqrt{16}", "4", "2\\sqrt{2}")
    different("root", "\\sqrt{4}", "\\sqrt(2)", "\\sqrt2", "-2", "\\pm 2")


def powers(rng: random.Random) -> None:
    for _ in range(12):
        base, top = rng.randint(2, 9), rng.randint(3, 90)
        gold = f"{base}^{{{top}}}"
        same("power", gold, str(base**top), f"{base}^{top}", f"{base}**{top}", f"{base}\\cdot {base}^{{{top - 1}}}")
        different("power", gold, f"{base}^{{{top - 1}}}", f"{base + 1}^{{{top}}}", f"{base}^{{-{top}}}", str(base**top + 1))
    same("power", "2^{-3}", "1/8", "0.125", "\\frac{1}{2^3}")
    different("power", "2^{-99}", "2^{-98}", "2^{99}", "0")
    same("factorial", "5!", "120", "5\\cdot 4!")
    same("factorial", "\\binom{10}{3}", "120", "\\dbinom{10}{7}", "\\frac{10!}{3!7!}")
    different("factorial", "\\frac{1}{200!}", "\\frac{1}{202!}", "0", "1/200")
    same("power", "-2^2", "-4")
    same("power", "(-2)^2", "4")
    different("power", "-2^2", "4")


def constants() -> None:
    same("pi", "\\frac{\\pi}{2}", "\\pi/2", "0.5\\pi", "\\frac12\\pi", "\\frac{2\\pi}{4}", "π/2")
    different("pi", "\\frac{\\pi}{2}", "\\frac{\\pi}{3}", "\\pi", "\\frac{2}{\\pi}", "-\\pi/2", "90")
    same("pi", "2\\pi", "\\pi+\\pi", "2*\\pi")
    different("pi", "2*\\pi", "-2\\pi", "2", "2\\pi^2")
    same("e", "1-\\frac{1}{e}", "\\frac{e-1}{e}", "1-e^{-1}")
    different("e", "1-\\frac{1}{e}", "1+\\frac{1}{e}", "\\frac{1}{e}", "e")
    same("complex", "3+4i", "4i+3", "3 + 4 i", "(2+i)^2", "-i(−4+3i)")
    different("complex", "3+4i", "3-4i", "4+3i", "7i", "5")
    same("complex", "\\sqrt{-4}", "2i")
    same("functions", "\\ln 2", "\\ln(2)", "ln(2)", "\\ln{2}")
    same("functions", "\\sin x", "\\sin(x)", "\\sin{x}")
    same("functions", "\\log_2 3", "\\log_{2}(3)")
    same("infinity", "\\infty", "+\\infty", "∞", "infinity")
    different("infinity", "\\infty", "-\\infty", "0", "1000")


def polynomials(rng: random.Random) -> None:
    for _ in range(20):
        a, b = rng.randint(-9, 9), rng.randint(-9, 9)
        gold = f"x^2{a + b:+d}x{a * b:+d}"
        same("polynomial", gold, f"(x{a:+d})(x{b:+d})", f"(x{b:+d})(x{a:+d})", f"{a * b}+x({a + b}+x)",
             gold.replace("x^2", "x^{2}"), gold.replace("x^2", "x*x"))
        different("polynomial", gold, f"(x{a + 1:+d})(x{b:+d})", f"x^3{a + b:+d}x{a * b:+d}", gold + "+1",
                  gold.replace("x", "y"), str(a * b))
    same("polynomial", "\\frac{x^2-1}{2}", "\\frac{(x-1)(x+1)}{2}", "0.5x^2-0.5", "(x^2-1)/2")
    same("polynomial", "\\frac{1}{x+1}", "(x+1)^{-1}", "1/(1+x)")
    different("polynomial", "\\frac{1}{x+1}", "\\frac{1}{x}+1", "\\frac{1}{x-1}", "x+1")
    same("polynomial", "2xy", "2yx", "xy+xy", "2\\cdot x \\cdot y", "2x y")
    different("polynomial", "2xy", "2x+y", "x^2y", "2x")
    same("polynomial", "xy^2", "x y^{2}", "y^2x", "x \\cdot y^2")
    different("polynomial", "xy^2", "(x y)^2", "x^2y")
    same("polynomial", "\\alpha+\\beta", "\\beta + \\alpha", "α+β")
    same("polynomial", "x_1+x_2", "x_{2}+x_{1}")
    different("polynomial", "x_1+x_2", "x_1-x_2", "x_1+x_3", "2x_1")
    different("ambiguous", "\\frac{1}{2x}", "1/2x", "x/2")
    different("ambiguous", "\\frac{x}{2}", "1/2x", "2x")


def structures(rng: random.Random) -> None:
    for _ in range(15):
        a, b, c = rng.sample(range(-20, 20), 3)
        same("tuple", f"({a}, {b})", f"({a},{b})", f"\\left({a}, {b}\\right)", f"( {2 * a}/2 , {b}.0 )")
        different("tuple", f"({a}, {b})", f"({b}, {a})", f"({a}, {b}, {c})", f"[{a}, {b}]", f"({a}, {c})", str(a),
                  f"({a}; {b}]")
        same("set", f"\\{{{a}, {b}\\}}", f"\\{{{b}, {a}\\}}", f"\\left\\{{{a}, {b}\\right\\}}", f"{{{a}, {b}}}",
             f"\\{{{a}, {b}, {a}\\}}", f"{a}, {b}")
        different("set", f"\\{{{a}, {b}\\}}", f"\\{{{a}\\}}", f"\\{{{a}, {c}\\}}", f"\\{{{a}, {b}, {c}\\}}", str(b))
        same("list", f"{a}, {b}, {c}", f"{c}, {a}, {b}", f"{a} and {b} and {c}", f"{a}, {b}, and {c}",
             f"x={a}, x={b}, x={c}", f"{a} \\text{{ and }} {b} \\text{{ and }} {c}", f"{a}; {b}; {c}")
        different("list", f"{a}, {b}, {c}", f"{a}, {b}", f"{a}, {a}, {b}", f"{a}", f"{a}, {b}, {c}, {c}")
    same("interval", "[0, \\infty)", "[0,∞)", "\\left[0,\\infty\\right)")
    different("interval", "[0, \\infty)", "(0, \\infty)", "[0, \\infty]", "[1, \\infty)", "(-\\infty, 0]")
    same("interval", "(-\\infty, 1) \\cup (2, \\infty)", "(2,\\infty)\\cup(-\\infty,1)")
    different("interval", "(-\\infty, 1) \\cup (2, \\infty)", "(-\\infty, 1)", "(-\\infty,2)\\cup(1,\\infty)")
    same("plus-minus", "\\pm 2", "2, -2", "-2, 2", "±2", "x = \\pm 2", "\\{-2, 2\\}", "x=2 or x=-2")
    different("plus-minus", "\\pm 2", "2", "-2", "\\pm 3", "0")
    same("plus-minus", "\\frac{1\\pm\\sqrt{5}}{2}", "\\frac{1+\\sqrt5}{2}, \\frac{1-\\sqrt5}{2}")
    same("inequality", "x > 3", "3 < x", "x>3.0")
    different("inequality", "x > 3", "x \\ge 3", "x < 3", "x > 4", "3")
    same("inequality", "1 < x \\le 4", "4 \\ge x > 1")
    different("inequality", "1 < x \\le 4", "1 \\le x < 4", "x \\le 4")
    same("equation", "y = 2x+1", "y=1+2x", "2x+1", "y = 2(x+0.5)")
    different("equation", "y = 2x+1", "y=2x-1", "x=2y+1", "2x")
    same("equation", "x^2+y^2=1", "y^2+x^2=1", "1=x^2+y^2")
    different("equation", "x^2+y^2=1", "x^2-y^2=1", "x^2+y^2=2", "1", "x^2+y^2")
    different("equation", "3x+4y+14=0", "3x-y+13=0")
    different("sequence", "1,2,3", "1,3,5", "1,2", "123")
    different("parts", "1331 and 1728", "1728", "1331", "1331 or 1727")
    same("named", "x=3", "3", "x = 3.", "x=6/2")
    different("named", "x=3", "y=3", "x=4", "x")
    same("named", "x=1, y=2", "y=2, x=1")
    different("named", "x=1, y=2", "x=2, y=1", "2, 1", "x=1")
    same("named", "f(x)=x^2", "x^2")


def words() -> None:
    same("text", "\\text{Yes}", "yes", "Yes.", "\\textbf{yes}", "\\mathrm{Yes}")
    different("text", "\\text{Yes}", "no", "yes or no", "not yes", "1")
    same("text", "Tuesday", "tuesday", "\\text{Tuesday}")
    different("text", "Tuesday", "Thursday", "2")
    same("choice", "A", "(A)", "\\text{A}", "\\text{(A)}", "A.", "\\mathbf{A}")
    different("choice", "A", "B", "A or B", "A, B", "AB", "ABCD", "A and B")
    same("unit", "5\\text{ cm}", "5 \\text{cm}", "5\\text{cm}", "5.0 cm")
    different("unit", "5\\text{ cm}", "6\\text{ cm}", "5\\text{ km}", "7 mm")
    same("degree", "90^\\circ", "90°", "90^{\\circ}")
    different("degree", "90^\\circ", "45^\\circ", "180°")
    same("base", "101_2", "101_{2}")
    different("base", "101_2", "101_3", "110_2", "101")
    different("not an answer", "5", "the answer", "5 or 6", "()", "\\boxed{}", "5 = 6", "0/0", "(5", "5)", "\\frac{5}",
              "5 5", "--", "{}", "$$", "5/0", "\\text{five")
    different("hostile", "5", "9^9^9^9", "9^{9^{9^{9}}}", "(10^9)!", "((9!)!)!", "\\binom{1000000000}{500000000}",
              "2^{10^{10}}", "(" * 500 + "5" + ")" * 500, "\\frac{1}{" * 200 + "5" + "}" * 200, "-" * 1000 + "5",
              "7" * 1900, "\\sqrt{" * 300 + "5" + "}" * 300, "5" + "^5" * 500, "|" * 300 + "5" + "|" * 300)


def logarithms(rng: random.Random) -> None:
    for _ in range(14):
        b, k = rng.randint(2, 9), rng.randint(2, 6)
        gold = str(k)
        same("logarithm", gold, f"\\log_{b} {b**k}", f"\\log_{{{b}}}({b**k})", f"\\frac{{\\ln {b**k}}}{{\\ln {b}}}")
        different("logarithm", gold, f"\\log_{b} {b**k + 1}", f"\\log_{{{b + 1}}}({b**k})", f"\\ln {b**k}")
        p, q = rng.randint(2, 30), rng.randint(2, 30)
        same("logarithm", f"\\ln {p * q}", f"\\ln {p}+\\ln {q}", f"\\ln({p}\\cdot {q})", f"-\\ln\\frac{{1}}{{{p * q}}}")
        different("logarithm", f"\\ln {p * q}", f"\\ln {p}\\cdot\\ln {q}", f"\\ln {p}-\\ln {q}", f"\\ln {p * q + 1}")
        same("logarithm", f"{k}\\ln {p}", f"\\ln({p}^{k})", f"\\ln {p**k}")
        different("logarithm", f"{k}\\ln {p}", f"(\\ln {p})^{k}", f"\\ln({k}\\cdot {p}+1)", f"\\ln {p**k}+10^{{-20}}")
    same("logarithm", "\\log 4", "2\\log 2", "\\log 8 - \\log 2")
    different("logarithm", "\\log 4", "\\log 5", "(\\log 2)^2+1")
    same("logarithm", "2", "\\lg 100", "\\log_{10} 100")
    different("logarithm", "2", "\\ln 100", "\\lg 101")


# sin and cos of the angle, by hand from the unit circle.
CIRCLE = {
    0: ("0", "1"), 30: ("\\frac{1}{2}", "\\frac{\\sqrt{3}}{2}"), 45: ("\\frac{\\sqrt{2}}{2}", "\\frac{\\sqrt{2}}{2}"),
    60: ("\\frac{\\sqrt{3}}{2}", "\\frac{1}{2}"), 90: ("1", "0"), 120: ("\\frac{\\sqrt{3}}{2}", "-\\frac{1}{2}"),
    135: ("\\frac{\\sqrt{2}}{2}", "-\\frac{\\sqrt{2}}{2}"), 150: ("\\frac{1}{2}", "-\\frac{\\sqrt{3}}{2}"), 180: ("0", "-1"),
    210: ("-\\frac{1}{2}", "-\\frac{\\sqrt{3}}{2}"), 270: ("-1", "0"), 330: ("-\\frac{1}{2}", "\\frac{\\sqrt{3}}{2}"),
}


def trigonometry(rng: random.Random) -> None:
    for degrees, (sine, cosine) in CIRCLE.items():
        angle = Fraction(degrees, 180)
        radians = f"\\frac{{{angle.numerator}\\pi}}{{{angle.denominator}}}"
        same("trigonometry", sine, f"\\sin({radians})", f"\\sin {degrees}^\\circ", f"\\sin({degrees}°)",
             f"\\cos({radians}-\\frac{{\\pi}}{{2}})")
        same("trigonometry", cosine, f"\\cos({radians})", f"\\cos({degrees}^\\circ)", f"\\cos(-{radians})")
        different("trigonometry", sine, f"\\sin({radians}+1)", f"\\sin({radians}+\\frac{{\\pi}}{{12}})")
        different("trigonometry", cosine, f"\\cos({radians})+10^{{-15}}", f"\\cos({radians}+2)")
    for _ in range(12):
        a, b = rng.randint(1, 9), rng.randint(10, 20)
        same("addition theorem", f"\\sin({a + b})", f"\\sin {a}\\cos {b}+\\cos {a}\\sin {b}")
        different("addition theorem", f"\\sin({a + b})", f"\\sin {a}\\cos {b}-\\cos {a}\\sin {b}", f"\\sin {a}+\\sin {b}")
        same("addition theorem", f"\\cos({a}x)", f"\\cos(-{a}x)", f"1-2\\sin^2(\\frac{{{a}x}}{{2}})",
             f"\\cos^2(\\frac{{{a}x}}{{2}})-\\sin^2(\\frac{{{a}x}}{{2}})")
        different("addition theorem", f"\\cos({a}x)", f"\\cos({a + 1}x)", f"-\\cos({a}x)", f"{a}\\cos(x)" if a > 1 else "\\sin x")
    same("identity", "1", "\\sin^2 x+\\cos^2 x", "\\sin^2(3)+\\cos^2(3)", "\\sec^2 x-\\tan^2 x", "\\cosh^2(x)-\\sinh^2(x)")
    different("identity", "1", "\\sin^2 x-\\cos^2 x", "\\sin x+\\cos x", "\\sin^2 x+\\cos^2 x+10^{-25}", "\\sec^2 x+\\tan^2 x",
              "\\sin^2(3)+\\cos^2(3)+2^{-100}", "\\sin^2(3)+\\cos^2(3)+e^{-60}", "\\cosh^2(x)+\\sinh^2(x)")
    same("identity", "\\sec^2 x", "\\tan^2 x+1", "\\frac{1}{\\cos^2 x}", "1+\\tan^2(x)")
    same("identity", "\\sin(2x)", "2\\sin x\\cos x", "2\\sin(x)\\cos(x)")
    different("identity", "\\sin(2x)", "2\\sin(x)", "\\sin(x)^2", "2\\sin x\\cos x+x^{30}\\cdot 10^{-30}")
    same("identity", "\\tan x", "\\frac{\\sin x}{\\cos x}", "\\frac{1}{\\cot x}")
    different("identity", "\\tan x", "\\frac{\\cos x}{\\sin x}", "\\cot x")
    same("inverse", "\\frac{\\pi}{4}", "\\arctan 1", "\\arctan(1)", "\\arctan\\frac{1}{2}+\\arctan\\frac{1}{3}",
         "4\\arctan\\frac{1}{5}-\\arctan\\frac{1}{239}", "\\arcsin\\frac{\\sqrt2}{2}", "45^\\circ")
    different("inverse", "\\frac{\\pi}{4}", "\\arctan 2", "\\arctan\\frac{1}{2}-\\arctan\\frac{1}{3}", "0.785398163397448", "45",
              "4\\arctan\\frac{1}{5}-\\arctan\\frac{1}{238}", "30^\\circ")
    same("inverse", "\\frac{\\pi}{6}", "\\arcsin\\frac{1}{2}", "\\arccos\\frac{\\sqrt{3}}{2}", "\\arctan\\frac{1}{\\sqrt3}")
    different("inverse", "\\frac{\\pi}{6}", "\\arccos\\frac{1}{2}", "-\\arcsin\\frac{1}{2}")
    same("inverse", "\\arcsin x", "\\frac{\\pi}{2}-\\arccos x")
    different("inverse", "\\arcsin x", "\\arccos x", "\\frac{\\pi}{2}+\\arccos x", "\\arctan x")


def exponentials(rng: random.Random) -> None:
    for _ in range(12):
        a, b = rng.randint(2, 9), rng.randint(2, 9)
        same("exponential", f"e^{{{a + b}}}", f"e^{a}e^{b}", f"e^{{{a}}}\\cdot e^{{{b}}}", f"\\exp({a + b})")
        different("exponential", f"e^{{{a + b}}}", f"e^{{{a}}}+e^{{{b}}}", f"e^{{-{a + b}}}", f"e^{{{a + b}}}+10^{{-9}}")
        same("exponential", f"{a}", f"e^{{\\ln {a}}}", f"\\ln(e^{{{a}}})", f"\\exp(\\ln {a})")
        different("exponential", f"{a}", f"e^{{\\ln {a + 1}}}", f"e^{{-\\ln {a}}}")
        same("exponential", f"{a}\\cdot {b}^x", f"{b}^x\\cdot {a}", f"{a}e^{{x\\ln {b}}}", f"\\frac{{{a}}}{{{b}}}\\cdot {b}^{{x+1}}")
        different("exponential", f"{a}\\cdot {b}^x", f"{b}\\cdot {a}^x" if a != b else "1", f"{a * b}^x", f"{a}\\cdot {b}^{{x+1}}",
                  f"{a}\\cdot {b}^{{-x}}")
    same("euler", "-1", "e^{i\\pi}", "e^{\\pi i}", "\\cos\\pi+i\\sin\\pi", "i^2")
    different("euler", "-1", "e^{2i\\pi}", "e^{\\pi}", "e^{-\\pi}", "\\cos\\pi-2i")
    same("euler", "\\frac{1}{2}+\\frac{\\sqrt{3}}{2}i", "e^{i\\pi/3}", "\\cos\\frac{\\pi}{3}+i\\sin\\frac{\\pi}{3}", "e^{\\frac{\\pi i}{3}}")
    different("euler", "\\frac{1}{2}+\\frac{\\sqrt{3}}{2}i", "e^{-i\\pi/3}", "e^{i\\pi/6}")


def nested_radicals(rng: random.Random) -> None:
    for _ in range(25):
        a, b = rng.sample([2, 3, 5, 6, 7, 10, 11, 13, 14, 15], 2)
        gold = f"\\sqrt{{{a}}}+\\sqrt{{{b}}}"
        same("nested radical", gold, f"\\sqrt{{{a + b}+2\\sqrt{{{a * b}}}}}", f"\\sqrt{{{a + b}+\\sqrt{{{4 * a * b}}}}}")
        different("nested radical", gold, f"\\sqrt{{{a + b}-2\\sqrt{{{a * b}}}}}", f"\\sqrt{{{a + b + 1}+2\\sqrt{{{a * b}}}}}",
                  f"\\sqrt{{{a + b}}}", f"\\sqrt{{{a + b}+2\\sqrt{{{a * b}}}}}+10^{{-30}}")
    same("nested radical", "1", "\\sqrt[3]{2+\\sqrt{5}}+\\sqrt[3]{2-\\sqrt{5}}")
    different("nested radical", "1", "\\sqrt[3]{2+\\sqrt{5}}-\\sqrt[3]{2-\\sqrt{5}}", "\\sqrt[3]{3+\\sqrt{5}}+\\sqrt[3]{3-\\sqrt{5}}")
    same("nested radical", "\\frac{1+\\sqrt{5}}{2}", "2\\cos 36^\\circ", "2\\cos\\frac{\\pi}{5}")
    different("nested radical", "\\frac{1+\\sqrt{5}}{2}", "2\\cos 37^\\circ", "1.6180339887498948482")
    same("nested radical", "\\sqrt{1/n}", "\\frac{1}{\\sqrt{n}}", "n^{-1/2}")
    different("nested radical", "\\sqrt{1/n}", "\\sqrt{n}", "\\frac{1}{n}")


def large(rng: random.Random) -> None:
    for n in (450, 2004, 3000):
        same("large", f"\\frac{{1}}{{{n}!}}", f"1/{n}!", f"\\frac{{{n + 1}}}{{{n + 1}!}}", f"({n}!)^{{-1}}")
        different("large", f"\\frac{{1}}{{{n}!}}", f"\\frac{{1}}{{{n + 2}!}}", "0", f"\\frac{{1}}{{{n}!+1}}", f"-1/{n}!")
    for _ in range(10):
        base, top = rng.randint(2, 9), rng.randint(10**4, 10**6)
        same("large", f"{base}^{{{top}}}", f"{base}\\cdot {base}^{{{top - 1}}}", f"{base}^{{{top + 1}}}/{base}", f"{base}^{{{top}}}+1-1")
        different("large", f"{base}^{{{top}}}", f"{base}^{{{top - 1}}}", f"{base}^{{{top}}}+1", f"-{base}^{{{top}}}", f"{base + 1}^{{{top}}}")
        n = rng.randint(35, 99)
        same("large", f"(x+y)^{{{n}}}", f"(y+x)^{{{n}}}", f"(x+y)(x+y)^{{{n - 1}}}")
        different("large", f"(x+y)^{{{n}}}", f"(x-y)^{{{n}}}", f"(x+y)^{{{n + 1}}}", f"x^{{{n}}}+y^{{{n}}}")
    same("large", "9^{9^{9}}", "9^{387420489}", "9^9^9")
    different("large", "9^{9^{9}}", "9^{81}", "9^{9^{9}}+1", "9^{9^{9^{9}}}")
    same("combinatorics", "\\binom{n}{2}", "\\frac{n(n-1)}{2}", "\\frac{n^2-n}{2}")
    different("combinatorics", "\\binom{n}{2}", "\\frac{n(n+1)}{2}", "n^2-n", "\\binom{n}{3}")
    same("combinatorics", "n+1", "\\frac{(n+1)!}{n!}", "(n+1)!/n!")
    different("combinatorics", "n+1", "\\frac{(n+1)!}{(n-1)!}", "\\frac{n!}{(n-1)!}")


def repeating_decimals(rng: random.Random) -> None:
    for _ in range(25):
        q = rng.choice([3, 6, 7, 9, 11, 12, 13, 27, 33, 37])
        p = rng.randint(1, 5 * q)
        value = Fraction(p, q)
        whole, rest = divmod(value.numerator, value.denominator)
        digits, seen = "", {}
        while rest and rest not in seen:
            seen[rest] = len(digits)
            digit, rest = divmod(rest * 10, value.denominator)
            digits += str(digit)
        if not rest:
            continue
        once, again = digits[:seen[rest]], digits[seen[rest]:]
        same("repeating", frac(value), f"{whole}.{once}\\overline{{{again}}}", f"{whole}.{once}\\overline{{{again * 2}}}")
        different("repeating", frac(value), f"{whole}.{once}{again}", f"{whole}.{once}{again * 4}", f"{whole}.{once}0\\overline{{{again}}}1",
                  f"{whole + 1}.{once}\\overline{{{again}}}")


def matrices(rng: random.Random) -> None:
    def written(rows: list[list], environment: str = "pmatrix") -> str:
        return f"\\begin{{{environment}}}" + " \\\\ ".join(" & ".join(map(str, row)) for row in rows) + f"\\end{{{environment}}}"

    for _ in range(20):
        height, width = rng.randint(1, 3), rng.randint(2, 3)
        rows = [[rng.randint(-9, 9) for _ in range(width)] for _ in range(height)]
        rows[0][0], rows[0][1] = 3, rng.randint(4, 9)
        gold, k = written(rows), rng.randint(2, 5)
        doubled = [[k * x for x in row] for row in rows]
        same("matrix", gold, written(rows, "bmatrix"), "\\left(\\begin{array}{" + "c" * width + "}" + written(rows)[15:-13] +
             "\\end{array}\\right)", f"\\frac{{1}}{{{k}}}{written(doubled)}", written([[f"{2 * x}/2" for x in row] for row in rows]))
        changed = [row[:] for row in rows]
        changed[-1][-1] += 1
        different("matrix", gold, written(changed), written(doubled), written([row[::-1] for row in rows]), "3",
                  written(rows + [rows[0]]), written([list(column) for column in zip(*rows, strict=True)]) if height != width else "0")


def conditions(rng: random.Random) -> None:
    for _ in range(12):
        a, b, c = rng.randint(1, 9), rng.choice([-7, -5, -4, -3, -2, 2, 3, 4, 5, 6]), rng.randint(-20, 20)
        k = rng.randint(2, 5)
        line = f"{a}x{b:+d}y{c:+d}=0"
        same("equation", line, f"{a * k}x{b * k:+d}y{c * k:+d}=0", f"{-a}x{-b:+d}y{-c:+d}=0", f"{a}x={-b}y{-c:+d}",
             f"y=\\frac{{{-a}x{-c:+d}}}{{{b}}}")
        different("equation", line, f"{a}x{-b:+d}y{c:+d}=0", f"{a}x{b:+d}y{c + 1:+d}=0", f"{a + 1}x{b:+d}y{c:+d}=0",
                  f"{a}x{b:+d}y{c:+d}=1")
        bound, other = rng.randint(-50, 50), rng.randint(51, 99)
        same("inequality", f"x > {bound}", f"{bound} < x", f"x > \\frac{{{2 * bound}}}{{2}}", f"({bound}, \\infty)", f"x \\in ({bound}, \\infty)")
        different("inequality", f"x > {bound}", f"x \\ge {bound}", f"x < {bound}", f"x > {bound + 1}", str(bound), f"[{bound}, \\infty)",
                  f"(-\\infty, {bound})")
        same("inequality", f"{bound} \\le x < {other}", f"[{bound}, {other})", f"{other} > x \\ge {bound}")
        different("inequality", f"{bound} \\le x < {other}", f"({bound}, {other}]", f"{bound} < x < {other}", f"x \\ge {bound}",
                  f"{bound} \\le x < {other + 1}")
    for a, b in ((4, 9), (16, 25), (2, 3)):
        same("ellipse", f"\\frac{{x^2}}{{{a}}}+\\frac{{y^2}}{{{b}}}=1", f"\\frac{{y^2}}{{{b}}}+\\frac{{x^2}}{{{a}}}=1", f"{b}x^2+{a}y^2={a * b}")
        different("ellipse", f"\\frac{{x^2}}{{{a}}}+\\frac{{y^2}}{{{b}}}=1", f"\\frac{{x^2}}{{{b}}}+\\frac{{y^2}}{{{a}}}=1",
                  f"\\frac{{x^2}}{{{a}}}-\\frac{{y^2}}{{{b}}}=1", f"{b}x^2+{a}y^2=1")


def declared(rng: random.Random) -> None:
    for unit, spellings in (("cm", ["cm", "\\text{ cm}", "\\mathrm{cm}", " cm", "~cm"]), ("m/s", [" m/s", "\\text{ m/s}", "\\ \\text{m/s}"]),
                            ("cm^2", [" cm^2", "\\text{ cm}^2", "\\text{ cm}^{2}", "\\text{cm}²"]), ("\\$", ["\\$"]), ("degrees", [" degrees"])):
        for _ in range(4):
            n = rng.randint(2, 500)
            written = [f"{s}{n}" if s == "\\$" else f"{n}{s}" for s in spellings]
            same("declared unit", str(n), str(n), f"{n}.0", *written, unit=unit)
            same("declared unit", written[0], str(n), *written, unit=unit)
            different("declared unit", str(n), str(n + 1), f"{n} kg", written[0].replace(str(n), str(n + 1)), unit=unit)
    same("declared unit", "5", "5 dollars", "\\$5", "5", "5.00", unit=["\\$", "dollars", "USD"])
    different("declared unit", "5", "5 cents", "6 dollars", "5 euros", unit=["\\$", "dollars", "USD"])
    for _ in range(12):
        n = rng.randint(1, 99)
        same("declared percent", str(n), f"{n}%", f"{n}\\%", f"{n} \\%", f"{n} percent", str(n), percent=True)
        same("declared percent", f"{n}\\%", f"{n}%", str(n), percent=True)
        different("declared percent", str(n), f"{n + 1}%", f"0.{n:02d}", percent=True)
        different("percent", str(n), f"{n}%", f"{n}\\%")
        same("percent", f"{n}\\%", f"{n} percent", f"\\frac{{{n}}}{{100}}", f"0.{n:02d}")
        a, b, c = rng.sample(range(30), 3)
        same("declared order", f"{a}, {b}, {c}", f"{a}, {b}, {c}", f"({a}, {b}, {c})", f"{a} and {b} and {c}", multiple="ordered")
        different("declared order", f"{a}, {b}, {c}", f"{c}, {b}, {a}", f"{a}, {b}", f"{b}, {a}, {c}", multiple="ordered")
        same("declared set", f"{a}, {b}, {c}", f"({c}, {b}, {a})", f"\\{{{b}, {a}, {c}\\}}", f"{a}, {b}, {c}, {a}", multiple="set")
        different("declared set", f"{a}, {b}, {c}", f"{a}, {b}", f"{a}, {b}, {c}, 99", str(a), multiple="set")


def parts(rng: random.Random) -> None:
    for _ in range(12):
        a, b, c = rng.sample(range(2, 60), 3)
        different("parts", f"{a} and {b}", str(a), str(b), f"{a} and {c}", f"{a}, {b}, {c}", f"{a}+{b}")
        different("or-list", str(a), f"{a} or {b}", f"{a}, {b}", f"{a} and {b}", f"\\{{{a}, {b}\\}}", f"{a} \\text{{ or }} {b}")
        same("statement", str(a + b), f"{a}+{b}", f"{a}+{b}={a + b}", f"x={a}+{b}")
        different("statement", str(a + b), f"{a}+{b}={a + b + 1}", f"{a}={b}", f"{a}-{b}")


def deltas(rng: random.Random) -> None:
    """Expressions of random operations, each beside a rewritten form and beside itself plus a small number."""
    def leaf() -> str:
        return rng.choice([str(rng.randint(1, 12)), "x", "\\pi", f"\\sqrt{{{rng.choice([2, 3, 5, 7])}}}", f"\\frac{{{rng.randint(1, 9)}}}{{{rng.randint(2, 9)}}}",
                           f"\\ln {rng.randint(2, 9)}", f"\\sin({rng.randint(1, 9)})", f"e^{{{rng.randint(1, 4)}}}"])

    for _ in range(90):
        a, b, c = leaf(), leaf(), leaf()
        gold = f"({a})({b})+{c}"
        same("rewritten", gold, f"{c}+({b})({a})", f"({a})({b}+1)-({a})+{c}", f"\\frac{{2({a})({b})+2({c})}}{{2}}",
             f"-(-{c}-({a})\\cdot({b}))")
        places = rng.randint(3, 30)
        different("delta", gold, f"{gold}+10^{{-{places}}}", f"({a})({b})-{c}", f"({a})({b}+1)+{c}", f"{gold}-\\frac{{1}}{{{10**places + 7}}}")


def main() -> None:
    rng = random.Random(20250122)
    integers(rng)
    scripts(rng)
    fractions(rng)
    radicals(rng)
    powers(rng)
    constants()
    polynomials(rng)
    structures(rng)
    words()
    for kind in (logarithms, trigonometry, exponentials, nested_radicals, large, repeating_decimals, matrices, conditions, declared,
                 parts, deltas):
        kind(rng)
    for row in pairs.values():
        print(json.dumps(row, ensure_ascii=False))


if __name__ == "__main__":
    main()
