"""Our JSON schemas beside the package jsonschema: random schemas and values, on each of which both say the same.

Left to hand-written tests, since the two mean different things there: patterns (ours are PCRE2's) and multipleOf of
numbers that are no integers (theirs divides without a tolerance). Exit code 77: not installed.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys

NAMES = ["a", "b", "c", "ab", "x/y"]
TYPES = ["null", "boolean", "object", "array", "string", "number", "integer"]


def value(rng: random.Random, depth: int):
    kind = rng.randrange(8 if depth > 0 else 5)
    if kind == 0:
        return rng.choice([None, True, False])
    if kind <= 2:
        return rng.choice([0, 1, 2, 3, -1, 6, 10, 1.0, 2.5, -0.5, 2**53, 1e300])
    if kind <= 4:
        return rng.choice(["", "a", "ab", "abc", "äöü", "😀😀", "1"])
    if kind == 5:
        return {name: value(rng, depth - 1) for name in rng.sample(NAMES, rng.randrange(4))}
    return [value(rng, depth - 1) for _ in range(rng.randrange(4))]


def schema(rng: random.Random, depth: int, definitions: list[str]):
    if rng.random() < 0.05:
        return rng.random() < 0.7
    below = (lambda: schema(rng, depth - 1, definitions)) if depth > 0 else (lambda: {"type": rng.choice(TYPES)})
    keywords = {
        "type": lambda: rng.choice([rng.choice(TYPES), rng.sample(TYPES, 2)]),
        "enum": lambda: [value(rng, 1) for _ in range(rng.randrange(1, 5))],
        "const": lambda: value(rng, 2),
        "minimum": lambda: rng.choice([-1, 0, 1, 2.5]),
        "maximum": lambda: rng.choice([1, 2, 3, 10]),
        "exclusiveMinimum": lambda: rng.choice([0, 1, 2]),
        "exclusiveMaximum": lambda: rng.choice([2, 3, 6]),
        "multipleOf": lambda: rng.choice([1, 2, 3]),
        "minLength": lambda: rng.randrange(3),
        "maxLength": lambda: rng.randrange(1, 4),
        "minItems": lambda: rng.randrange(3),
        "maxItems": lambda: rng.randrange(4),
        "uniqueItems": lambda: rng.random() < 0.8,
        "items": below,
        "prefixItems": lambda: [below() for _ in range(rng.randrange(1, 3))],
        "contains": below,
        "minContains": lambda: rng.randrange(3),
        "maxContains": lambda: rng.randrange(1, 3),
        "properties": lambda: {name: below() for name in rng.sample(NAMES, rng.randrange(1, 4))},
        "patternProperties": lambda: {"^a": below()},
        "additionalProperties": below,
        "propertyNames": lambda: {"maxLength": rng.randrange(1, 4)},
        "required": lambda: rng.sample(NAMES, rng.randrange(3)),
        "dependentRequired": lambda: {rng.choice(NAMES): rng.sample(NAMES, 1)},
        "minProperties": lambda: rng.randrange(3),
        "maxProperties": lambda: rng.randrange(1, 4),
        "allOf": lambda: [below() for _ in range(rng.randrange(1, 3))],
        "anyOf": lambda: [below() for _ in range(rng.randrange(1, 3))],
        "oneOf": lambda: [below() for _ in range(rng.randrange(1, 4))],
        "not": below,
        "if": below,
        "then": below,
        "else": below,
        "$ref": lambda: rng.choice(definitions) if definitions else "#/properties/a",
        "format": lambda: "email",
    }
    if not definitions:
        del keywords["$ref"]
    return {name: keywords[name]() for name in rng.sample(sorted(keywords), rng.randrange(1, 4))}


def cases(count: int, seed: int) -> list[tuple[object, object]]:
    rng = random.Random(seed)
    found = []
    for _ in range(count):
        whole = schema(rng, 3, ["#/$defs/one", "#/$defs/two"])
        if isinstance(whole, dict):
            # Definitions refer to nothing on the same value, so that no circle arises.
            whole["$defs"] = {"one": schema(rng, 1, []), "two": {"properties": {"a": {"$ref": "#"}}}}
        found += [(whole, value(rng, 3)) for _ in range(3)]
    return found


def ours(program: str, scratch: pathlib.Path, pairs) -> list[bool | None]:
    source, target = scratch / "rows.jsonl", scratch / "verdicts.jsonl"
    source.write_text("".join(json.dumps({"completion": json.dumps(v), "schema": s}) + "\n" for s, v in pairs))
    subprocess.run([program, "verify", "json", "--input", source, "--output", target], check=True, timeout=300)
    rewards = [json.loads(line)["reward"] for line in target.read_text().splitlines()]
    return [None if reward is None else reward == 1 for reward in rewards]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--aha", required=True)
    parser.add_argument("--scratch", required=True, type=pathlib.Path)
    parser.add_argument("--count", type=int, default=3000, help="schemas, with three values each")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    try:
        from jsonschema import Draft202012Validator
    except ImportError:
        print("skipped: jsonschema is not installed (tests/requirements.txt)")
        return 77
    arguments.scratch.mkdir(parents=True, exist_ok=True)
    pairs = cases(arguments.count, arguments.seed)
    theirs = [Draft202012Validator(s).is_valid(v) for s, v in pairs]
    own = ours(arguments.aha, arguments.scratch, pairs)
    wrong = [(pair, a, b) for pair, a, b in zip(pairs, own, theirs, strict=True) if a is not b]
    for (s, v), a, b in wrong[:5]:
        print(f"schema {json.dumps(s)}\nvalue {json.dumps(v)}\nours {a}, jsonschema {b}")
    print(f"{len(pairs)} values, {sum(theirs)} of them valid, {len(wrong)} judged otherwise")
    return 1 if wrong or not 0.1 < sum(theirs) / len(pairs) < 0.9 else 0


if __name__ == "__main__":
    sys.exit(main())
