"""Writes output_pairs.jsonl: outputs of programs, and whether LiveCodeBench's rule, written with Python's Decimal, takes
them for the expected one. Run from the repository's root: .venv/bin/python tests/data/make_output_pairs.py"""
import json
import pathlib
import random
from decimal import Decimal, InvalidOperation

rng = random.Random(3)


def decimals(line):
    try:
        return [Decimal(word) for word in line.split()]
    except InvalidOperation:
        return None


def is_same(output, expected):
    lines, wanted = ([line.strip() for line in text.strip().split("\n")] for text in (output, expected))
    if len(lines) != len(wanted):
        return False
    for line, want in zip(lines, wanted):
        if line != want and (decimals(line) is None or decimals(line) != decimals(want)):
            return False
    return True


def number():
    digits = str(rng.choice([0, 1, 2, 10, 12, 100, 123456789012345678901234567890]))
    sign = rng.choice(["", "", "-", "+"])
    return sign + rng.choice([digits, digits + ".0", digits + ".", digits + "e1", "0" + digits, digits + ".50"])


def word():
    return rng.choice(["a", "Yes", "x1", "--", "1e", "e5", ".", "1.2.3"]) if rng.random() < 0.15 else number()


def text():
    lines = []
    for _ in range(rng.randrange(3)):
        words = [word() for _ in range(rng.randrange(3))]
        lines.append(rng.choice(["", "\n", " "]) + rng.choice([" ", "  ", "\t"]).join(words) + rng.choice(["\n", "\r\n", " \n"]))
    return "".join(lines)


def changed(output):
    change = rng.randrange(6)
    return [output.strip(), output.replace(" ", "  "), output.replace("1", "1.0", 1), output.replace("\n", " \n"),
            output.replace("0", "", 1), text()][change]


pairs = {}
while len(pairs) < 2000:
    output = text()
    pairs[output, changed(output)] = None
rows = [{"output": output, "expected": expected, "same": is_same(output, expected)} for output, expected in pairs]
target = pathlib.Path(__file__).parent / "output_pairs.jsonl"
target.write_text("".join(json.dumps(row) + "\n" for row in rows))
print(len(rows), "pairs,", sum(row["same"] for row in rows), "the same")
