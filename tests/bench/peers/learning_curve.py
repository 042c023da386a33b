#!/usr/bin/env python3
"""Trains one checkpoint by our GRPO and by TRL's with the same prompts, reward and settings, and compares the curves.

learning_curve.sh starts it: see there for the options and for what is compared.
"""
import argparse
import itertools
import json
import re
import shutil
import statistics
import sys
from pathlib import Path

from curve_chart import write_chart
from exact_reward import exact_reward
from side_by_side import HERE, add_common_arguments, numbers, peer_environment, run, wait_until_quiet

RECIPE = HERE / "learning_curve.yaml"
WINDOW = 5  # steps whose mean reward must reach the threshold
WANTED_TIME = 6
COLOURS = {"ours": "#2563eb", "TRL": "#d97706"}


def read_lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def answer_of(prompt):
    """Of `mod 1+2+3`; that it is the task's own answer is seen from our rewards."""
    return str(sum(map(int, re.findall(r"\d+", prompt))) % 10)


def run_ours(arguments, *words):
    command = [arguments.aha, "run", RECIPE, "--set", f"output_dir={arguments.out}", *words]
    run([*command, "--set", f"threads={arguments.threads}", "--set", f"stages.zero.max_steps={arguments.steps}"])
    return arguments.out / "learning_curve"


def train_ours(seed, arguments):
    """Our run of a seed: its curve, and what the other is asked with."""
    folder = run_ours(arguments, "--set", f"stages.zero.seed={seed}") / "02-zero"
    completions = read_lines(folder / "completions.jsonl")
    for row in completions:
        if exact_reward(row["completion"], answer_of(row["prompt"])) != row["reward"]:
            sys.exit(f"exact_reward.py is not the reward of `aha`: {row}")
    prompts = [row["prompt"] for row in completions if row["sample"] == 0]
    write_lines(arguments.out / f"prompts-{seed}.jsonl", [{"prompt": p, "answer": answer_of(p)} for p in prompts])
    rows, seconds = [], 0.0
    for row in read_lines(folder / "metrics.jsonl"):
        seconds += row["step_time"]
        length = row["completions/mean_length"]
        rows.append({"step": row["step"], "reward": row["reward"], "mean_length": length, "seconds": seconds})
    return {"seed": seed, "rows": rows}


def check_reward(path, arguments):
    """What TRL was told its completions earned is what `aha verify exact` says."""
    verdicts = arguments.out / "verdicts.jsonl"
    run([arguments.aha, "verify", "exact", "--input", path, "--output", verdicts])
    for row, verdict in zip(read_lines(path), read_lines(verdicts), strict=True):
        if row["reward"] != verdict["reward"]:
            sys.exit(f"exact_reward.py is not the reward of `aha verify exact`: {row}, {verdict}")


def train_trl(seed, setting, steps, arguments):
    threads, micro_batch = setting
    output, completions = arguments.out / f"trl-{seed}.jsonl", arguments.out / f"trl-{seed}-completions.jsonl"
    command = [sys.executable, HERE / "trl_curve.py", arguments.out / "base", "--seed", seed, "--steps", steps]
    command += ["--prompts", arguments.out / f"prompts-{seed}.jsonl", "--settings", arguments.out / "settings.json"]
    command += ["--output", output, "--completions", completions, "--threads", threads, "--micro-batch", micro_batch]
    run(command, peer_environment(threads, arguments.jemalloc))
    check_reward(completions, arguments)
    return {"seed": seed, "rows": read_lines(output)}


def choose_setting(seed, arguments):
    """The threads and the micro-batch with which TRL's third step is the fastest."""
    settings = list(itertools.product(sorted({1, arguments.threads}), arguments.micro_batch))
    seconds = {}
    for setting in settings if len(settings) > 1 else []:
        wait_until_quiet(arguments.patience)
        rows = train_trl(seed, setting, 3, arguments)["rows"]
        seconds[setting] = rows[2]["seconds"] - rows[1]["seconds"]
    return min(settings, key=lambda setting: seconds.get(setting, 0))


def mean_and_deviation(values):
    return statistics.mean(values), statistics.stdev(values) if len(values) > 1 else 0.0


def by_step(curves, key):
    """[(mean, deviation)] over the seeds, a step each."""
    return [mean_and_deviation(values) for values in zip(*([row[key] for row in curve["rows"]] for curve in curves))]


def reached(curve, threshold):
    """The step and the second at which the mean reward of WINDOW steps first reaches it."""
    rows = curve["rows"]
    for end in range(WINDOW, len(rows) + 1):
        if statistics.mean(row["reward"] for row in rows[end - WINDOW : end]) >= threshold:
            return rows[end - 1]["step"], rows[end - 1]["seconds"]
    return None


def permutation_p(ours, theirs):
    """Share of all ways to deal the values into two such heaps whose means are at least as far apart."""
    values, count = ours + theirs, len(ours)
    apart = abs(statistics.mean(ours) - statistics.mean(theirs))
    dealt = list(itertools.combinations(range(len(values)), count))
    as_far = 0
    for chosen in dealt:
        one = [values[i] for i in chosen]
        other = [values[i] for i in range(len(values)) if i not in chosen]
        as_far += abs(statistics.mean(one) - statistics.mean(other)) >= apart - 1e-12
    return as_far / len(dealt)


def compare(measure, curves):
    ours, theirs = ([measure(curve["rows"]) for curve in curves[name]] for name in ("ours", "TRL"))
    return {"ours": mean_and_deviation(ours), "TRL": mean_and_deviation(theirs), "p": permutation_p(ours, theirs)}


def summarise(curves, threshold):
    summary = {
        "mean_reward": compare(lambda rows: statistics.mean(row["reward"] for row in rows), curves),
        "last_reward": compare(lambda rows: statistics.mean(row["reward"] for row in rows[-10:]), curves),
        "last_length": compare(lambda rows: statistics.mean(row["mean_length"] for row in rows[-10:]), curves),
    }
    times = {name: [reached(curve, threshold) for curve in curves[name]] for name in curves}
    summary["reached"] = times
    if all(all(of_program) for of_program in times.values()):
        medians = {name: statistics.median(seconds for _, seconds in of_program) for name, of_program in times.items()}
        summary["median_seconds"] = medians
        summary["time_ratio"] = medians["TRL"] / medians["ours"]
    summary["step_ratio"] = statistics.mean(curve["rows"][-1]["seconds"] for curve in curves["TRL"]) / statistics.mean(
        curve["rows"][-1]["seconds"] for curve in curves["ours"]
    )
    return summary


def print_curves(curves):
    ours, theirs = by_step(curves["ours"], "reward"), by_step(curves["TRL"], "reward")
    print(f"{'step':>5}{'ours':>18}{'TRL':>18}   mean reward ± deviation over {len(curves['ours'])} seeds")
    for step in sorted({*range(0, len(ours), 5), len(ours) - 1}):
        cells = "".join(f"{mean:11.3f} ±{deviation:5.3f}" for mean, deviation in (ours[step], theirs[step]))
        print(f"{step + 1:5}{cells}")


def print_summary(summary, threshold):
    for name, what in [("mean_reward", "mean reward of all steps"), ("last_reward", "mean reward of the last 10 steps"),
                       ("last_length", "mean length in the last 10 steps")]:
        row = summary[name]
        cells = ", ".join(f"{program} {row[program][0]:.3f} ± {row[program][1]:.3f}" for program in COLOURS)
        verdict = "within seed noise" if row["p"] >= 0.05 else "APART"
        print(f"{what}: {cells}; permutation test p = {row['p']:.2f}: {verdict}")
    for program, of_program in summary["reached"].items():
        places = ", ".join(f"step {at[0]} after {at[1]:.1f} s" if at else "never" for at in of_program)
        print(f"reward {threshold} (mean of {WINDOW} steps), {program}: {places}")
    if "time_ratio" in summary:
        met = "yes" if summary["time_ratio"] >= WANTED_TIME else "NO"
        print(f"wall time to it, TRL's over ours: {summary['time_ratio']:.1f} (≥ {WANTED_TIME}) {met}")
    print(f"wall time of the whole run, TRL's over ours: {summary['step_ratio']:.1f}")


def draw(curves, threshold, path):
    panels = []
    for title, label, key in [("reward by step", "steps", "step"), ("reward by wall time", "s", "seconds")]:
        points = {}
        for name, of_program in curves.items():
            xs = [mean for mean, _ in by_step(of_program, key)]
            points[name] = [(x, *y) for x, y in zip(xs, by_step(of_program, "reward"))]
        panels.append((f"{title}, mean ± deviation over {len(curves['ours'])} seeds", label, points))
    write_chart(path, panels, COLOURS)


def prepare(arguments):
    """The base model, and the resolved settings that both sides read."""
    arguments.out.mkdir(parents=True, exist_ok=True)
    run_folder = run_ours(arguments, "--stop-after", "base")
    shutil.copytree(run_folder / "01-base/model", arguments.out / "base", dirs_exist_ok=True)
    stages = json.loads((run_folder / "recipe.json").read_text(encoding="utf-8"))["stages"]
    (arguments.out / "settings.json").write_text(json.dumps(stages[1], indent=1), encoding="utf-8")


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=numbers, default=[1, 2, 3, 4, 5])
    parser.add_argument("--steps", type=int, default=80)
    parser.add_argument("--threshold", type=float, default=0.9)
    parser.add_argument("--micro-batch", type=numbers, default=[64, 256], help="sequences; what TRL is tried with")
    parser.add_argument("--chart", type=Path, help="the picture; default: learning_curve.svg beside the runs")
    add_common_arguments(parser)
    return parser.parse_args()


def main():
    arguments = read_arguments()
    arguments.out = arguments.folder / "learning_curve"
    prepare(arguments)
    curves = {"ours": [], "TRL": []}
    setting = None
    for seed in arguments.seeds:
        quiet = wait_until_quiet(arguments.patience)
        curves["ours"].append(train_ours(seed, arguments))
        setting = setting or choose_setting(seed, arguments)
        quiet = wait_until_quiet(arguments.patience) and quiet
        curves["TRL"].append(train_trl(seed, setting, arguments.steps, arguments))
        cells = ", ".join(
            f"{name} {of_program[-1]['rows'][-1]['reward']:.3f} after {of_program[-1]['rows'][-1]['seconds']:.0f} s"
            for name, of_program in curves.items()
        )
        print(f"seed {seed}: last reward {cells}" + ("" if quiet else "  others used the machine"), flush=True)
    summary = summarise(curves, arguments.threshold)
    print(f"TRL: {setting[0]} threads, micro-batches of {setting[1]}")
    print_curves(curves)
    print_summary(summary, arguments.threshold)
    draw(curves, arguments.threshold, arguments.chart or arguments.out / "learning_curve.svg")
    result = {"trl_setting": setting, "curves": curves, "summary": summary}
    path = arguments.json or arguments.out / "learning_curve.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
