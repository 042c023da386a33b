"""Our math verifier beside math-verify on the labelled pairs, kind by kind.

Prints false positives, false negatives and undecided answers of both programs. Fails if ours has a false positive, a
hundredth of false negatives or of undecided answers, or more errors than math-verify of either sort. Left out for
math-verify: hostile pairs, on which it may hang beyond its own time limit, and those that declare something, which it
has no means to be told. It takes 50 ms a pair, so it sees every fifth, with --all every one. Exit code 77: not
installed.
"""
import argparse
import json
import logging
import pathlib
import subprocess
import sys

PAIRS = pathlib.Path(__file__).parents[1] / "data" / "math_pairs.jsonl"
DECLARATIONS = ("unit", "percent", "multiple")


def ours(program: str, scratch: pathlib.Path, pairs: list[dict]) -> list[str]:
    """Verdicts: equal, different, undecided, unparsable."""
    rows = []
    for pair in pairs:
        declared = {key: pair[key] for key in DECLARATIONS if key in pair}
        rows.append({"completion": f"<answer>{pair['candidate']}</answer>", "answer": pair["answer"], **declared})
    source, target = scratch / "rows.jsonl", scratch / "scores.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    subprocess.run([program, "verify", "math", "--input", source, "--output", target], check=True, timeout=240)
    scores = [json.loads(line) for line in target.read_text().splitlines()]
    for score in scores:
        assert score["reward"] == (score["detail"]["verdict"] == "equal"), score
    return [score["detail"]["verdict"] for score in scores]


def theirs(pairs: list[dict]) -> list[str]:
    from math_verify import parse, verify

    logging.disable(logging.CRITICAL)
    verdicts = []
    for pair in pairs:
        try:
            is_equal = verify(parse(f"${pair['answer']}$"), parse(f"${pair['candidate']}$"))
        except Exception:  # a crash of the yardstick is its error, not ours
            is_equal = False
        verdicts.append("equal" if is_equal else "different")
    return verdicts


class Tally:
    """Pairs, false positives, false negatives and undecided answers."""

    def __init__(self, pairs: list[dict], verdicts: list[str]):
        rows = list(zip(pairs, verdicts, strict=True))
        self.count = len(rows)
        self.positives = sum(v == "equal" and not p["equal"] for p, v in rows)
        self.negatives = sum(p["equal"] and v != "equal" for p, v in rows)
        self.undecided = sum(v == "undecided" for _, v in rows)

    def __str__(self) -> str:
        return f"{self.positives:4} {self.negatives:4} {self.undecided:4}"


def print_kinds(pairs: list[dict], own: list[str], other: dict[int, str]) -> None:
    print(f"{'kind':22} pairs   ours: f.p. f.n. und.   pairs   math-verify: f.p. f.n. und.")
    for kind in sorted({pair["kind"] for pair in pairs}):
        rows = [i for i, pair in enumerate(pairs) if pair["kind"] == kind]
        seen = [i for i in rows if i in other]
        mine = Tally([pairs[i] for i in rows], [own[i] for i in rows])
        yours = Tally([pairs[i] for i in seen], [other[i] for i in seen])
        print(f"{kind:22} {mine.count:5}        {mine}   {yours.count:5}               {yours}")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--aha", required=True)
    parser.add_argument("--scratch", required=True, type=pathlib.Path)
    parser.add_argument("--all", action="store_true", help="math-verify judges every pair it can, not every fifth")
    arguments = parser.parse_args()
    try:
        import math_verify  # noqa: F401
    except ImportError:
        print("skipped: math-verify is not installed (tests/requirements.txt)")
        return 77
    arguments.scratch.mkdir(parents=True, exist_ok=True)
    pairs = [json.loads(line) for line in PAIRS.read_text().splitlines()]
    own = ours(arguments.aha, arguments.scratch, pairs)

    # Every fifth of the pairs that it can be shown; they come in groups of four and eight.
    shown = [i for i, p in enumerate(pairs) if p["kind"] not in ("hostile", "large") and not set(p) & set(DECLARATIONS)]
    shown = shown if arguments.all else shown[::5]
    other = dict(zip(shown, theirs([pairs[i] for i in shown]), strict=True))
    print_kinds(pairs, own, other)

    whole, mine = Tally(pairs, own), Tally([pairs[i] for i in shown], [own[i] for i in shown])
    yours = Tally([pairs[i] for i in shown], list(other.values()))
    print(f"all {whole.count} pairs, ours: {whole}")
    print(f"the {mine.count} pairs of both: ours {mine}, math-verify {yours}")
    is_right = whole.positives == 0 and whole.negatives * 100 < whole.count and whole.undecided * 100 < whole.count
    is_better = mine.positives <= yours.positives and mine.negatives <= yours.negatives
    return 0 if is_right and is_better else 1


if __name__ == "__main__":
    sys.exit(main())
