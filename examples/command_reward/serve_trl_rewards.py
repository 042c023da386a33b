"""Lets a reward function written for TRL judge for aha, unchanged.

    rewards:
      - {name: short, verifier: command, command: [python3, examples/command_reward/serve_trl_rewards.py, my_rewards:short]}

Each line on stdin is a batch, {"prompts": […], "completions": […], "completion_ids": […], COLUMN: […], …}; each line on
stdout answers it, {"rewards": [number or null, …]}, or {"error": "sentence"} where the function raised. With several
functions the rewards of a completion are added up; it has none where all of them say None. What the functions print goes
to stderr, and from there into aha's log. Needs Python alone.
"""
import asyncio
import importlib
import inspect
import json
import math
import os
import sys


def load(name):
    """'package.module:function', of the current folder, this one, or what is installed."""
    module, _, function = name.partition(":")
    if not function:
        sys.exit(f"{name}: write MODULE:FUNCTION")
    sys.path.insert(0, os.getcwd())
    return getattr(importlib.import_module(module), function)


def number_or_none(value):
    """What TRL takes: a number (of torch or numpy too), or None for 'does not apply'."""
    if value is None:
        return None
    value = float(value)
    if not math.isfinite(value):
        raise ValueError(f"a reward is {value}")
    return value


def judge(function, batch):
    """The rewards of one function, which is given what TRL's trainer would give it."""
    hooks = {"log_extra": lambda column, values: None,
             "log_metric": lambda name, value: print(f"{name} = {value}")}
    takes = inspect.signature(function).parameters.values()
    takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in takes)
    names = {parameter.name for parameter in takes}
    rewards = function(**batch, **{name: hook for name, hook in hooks.items() if takes_all or name in names})
    if inspect.isawaitable(rewards):
        rewards = asyncio.run(rewards)
    return [number_or_none(reward) for reward in rewards]


def add_up(columns, count):
    if any(len(column) != count for column in columns):
        raise ValueError(f"there are {count} completions, but {[len(column) for column in columns]} rewards")
    rows = ([reward for reward in row if reward is not None] for row in zip(*columns))
    return [sum(row) if row else None for row in rows]


def serve(functions, requests, answers):
    for line in requests:
        batch = json.loads(line)
        try:
            rewards = add_up([judge(function, batch) for function in functions], len(batch["completions"]))
            answer = {"rewards": rewards}
        except Exception as error:  # the next batch may be judged
            answer = {"error": f"{type(error).__name__}: {error}"[:1000]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def main(names):
    if not names:
        sys.exit(__doc__)
    # Only answers may reach aha's end of the pipe, whatever the functions and their libraries print.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdin.reconfigure(encoding="utf-8")
    serve([load(name) for name in names], sys.stdin, answers)


if __name__ == "__main__":
    main(sys.argv[1:])
