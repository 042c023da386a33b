"""Our math verifier beside math-verify on the labelled pairs: no false positive of ours, and fewer errors of either side.

Every fourth pair; left out: the hostile ones, on which math-verify may hang beyond its own time limit. Exit code 77: not installed.
"""
import argparse
import json
import logging
import pathlib
import subprocess
import sys

PAIRS = pathlib.Path(__file__).parents[1] / "data" / "math_pairs.jsonl"


def ours(program: str, scratch: pathlib.Path, pairs: list[dict]) -> list[bool]:
    rows = [{"completion": f"<answer>{p['candidate']}</answer>", "answer": p["answer"]} for p in pairs]
    source, target = scratch / "rows.jsonl", scratch / "scores.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    subprocess.run([program, "verify", "math", "--input", source, "--output", target], check=True, timeout=120)
    return [json.loads(line)["reward"] == 1 for line in target.read_text().splitlines()]


def theirs(pairs: list[dict]) -> list[bool]:
    from math_verify import parse, verify

    logging.disable(logging.CRITICAL)
    verdicts = []
    for pair in pairs:
        try:
            verdicts.append(bool(verify(parse(f"${pair['answer']}$"), parse(f"${pair['candidate']}$"))))
        except Exception:  # a crash of the yardstick is its error, not ours
            verdicts.append(False)
    return verdicts


def errors(pairs: list[dict], verdicts: list[bool]) -> tuple[int, int]:
    positives = sum(v and not p["equal"] for p, v in zip(pairs, verdicts, strict=True))
    negatives = sum(p["equal"] and not v for p, v in zip(pairs, verdicts, strict=True))
    return positives, negatives


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--aha", required=True)
    parser.add_argument("--scratch", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    try:
        import math_verify  # noqa: F401
    except ImportError:
        print("skipped: math-verify is not installed (tests/requirements.txt)")
        return 77
    arguments.scratch.mkdir(parents=True, exist_ok=True)
    pairs = [json.loads(line) for line in PAIRS.read_text().splitlines()]
    # Every fourth: math-verify takes 50 ms a pair.
    pairs = [pair for pair in pairs if pair["kind"] != "hostile"][::4]
    own = errors(pairs, ours(arguments.aha, arguments.scratch, pairs))
    other = errors(pairs, theirs(pairs))
    print(f"{len(pairs)} pairs; false positives, false negatives: ours {own}, math-verify {other}")
    return 0 if own[0] == 0 and own[0] <= other[0] and own[1] <= other[1] else 1


if __name__ == "__main__":
    sys.exit(main())
