"""Writes tests/data/math_pairs.jsonl: gold answers, candidates, and whether a mathematician calls them equal.

Every pair is made by a transformation whose effect is known (rewrite a fraction, expand a square, add a delta), never
by asking a program.

    python tests/data/make_math_pairs.py > tests/data/math_pairs.jsonl
"""
import json
import random
from fractions import Fraction

pairs: dict[tuple[str, str], dict] = {}


def pair(kind: str, answer: str, candidate: str, equal: bool) -> None:
    known = pairs.setdefault((answer, candidate), {"answer": answer, "candidate": candidate, "equal": equal, "kind": kind})
    assert known["equal"] == equal, (kind, answer, candidate)


def same(kind: str, answer: str, *candidates: str) -> None:
    for candidate in candidates:
        pair(kind, answer, candidate, True)


def different(kind: str, answer: str, *candidates: str) -> None:
    for candidate in candidates:
        pair(kind, answer, candidate, False)


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
    different("unit", "5\\text{ cm}", "6\\text{ cm}", "5\\text{ km}", "50 mm")
    same("degree", "90^\\circ", "90°", "90^{\\circ}")
    different("degree", "90^\\circ", "45^\\circ", "180°")
    same("base", "101_2", "101_{2}")
    different("base", "101_2", "101_3", "110_2", "101")
    different("not an answer", "5", "the answer", "5 or 6", "()", "\\boxed{}", "5 = 6", "0/0", "(5", "5)", "\\frac{5}",
              "5 5", "--", "{}", "$$", "5/0", "\\text{five")
    different("hostile", "5", "9^9^9^9", "9^{9^{9^{9}}}", "(10^9)!", "((9!)!)!", "\\binom{1000000000}{500000000}",
              "2^{10^{10}}", "(" * 500 + "5" + ")" * 500, "\\frac{1}{" * 200 + "5" + "}" * 200, "-" * 1000 + "5",
              "7" * 1900, "\\sqrt{" * 300 + "5" + "}" * 300, "5" + "^5" * 500, "|" * 300 + "5" + "|" * 300)


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
    for row in pairs.values():
        print(json.dumps(row, ensure_ascii=False))


if __name__ == "__main__":
    main()
