"""Honest programs with their known verdicts, made from templates: honest_solutions.py and honest_failures.py."""
import json
import random

from sandbox import honest_failures, honest_solutions


def completion(language, source):
    return f"<think>This is easy.</think>\nHere it is:\n\n```{language}\n{source.strip()}\n```\n"


def solution_rows(rng, template, right, wrong):
    """`right` rows that pass three tests, and `wrong` ones with a bug that the tests find."""
    rows = []
    for number in range(right + wrong):
        tests = [template.test(rng) for _ in range(3)]
        source, verdicts = template.source, ["passed"]
        if number >= right:
            source, verdicts = source.replace(*template.bug), ["wrong_answer"]
            assert source != template.source, template.name
        row = {"completion": completion(template.language, source), "verdicts": verdicts, "name": template.name}
        if template.function:
            row |= {"fn_name": template.function, "inputs": [list(test[0]) for test in tests]}
        else:
            row |= {"inputs": [test[0] for test in tests]}
        rows.append(row | {"outputs": [test[1] for test in tests]})
    return rows


def failure_rows(rng, template, count):
    rows = []
    for _ in range(count):
        number = rng.randrange(1000, 9999)
        source = template.source.replace("NUMBER", str(number))
        rows.append({"completion": completion(template.language, source), "verdicts": template.verdicts,
                     "name": template.name, "inputs": [f"{number}\n"], "outputs": [f"{number}\n"]})
    return rows


def honest_rows(count, seed=7):
    """`count` rows for `aha verify code`, each with its name and the verdicts that are right."""
    rng = random.Random(seed)
    rows = []
    for template in honest_failures.FAILURES:
        rows += failure_rows(rng, template, template.count)
    templates = honest_solutions.SOLUTIONS
    left = count - len(rows)
    for number, template in enumerate(templates):
        rows += solution_rows(rng, template, *shares(left, number, len(templates)))
    rng.shuffle(rows)
    for number, row in enumerate(rows):
        row["id"] = number
    return json.loads(json.dumps(rows))


def shares(total, number, num_templates):
    """How many right and wrong rows one template gives, so that all give `total`."""
    mine = total // num_templates + (number < total % num_templates)
    wrong = mine // 3
    return mine - wrong, wrong
