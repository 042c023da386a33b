"""The recipe of code rewards with a tiny model and few steps: both verifiers judge, hidden tests stay hidden, nothing fails."""
import json
import sys

from program import Program, read_lines

aha = Program()
doctor = json.loads(aha.run("doctor", "--json").stdout)
if doctor["sandbox"]["isolation"] in ("landlock", "none"):
    print("skipped: this machine has no user namespaces for programs; see aha doctor")
    sys.exit(77)

small = {"output_dir": aha.scratch, "tasks.stack.count": 64, "tasks.stack.holdout": 16, "tasks.python.count": 64,
         "tasks.python.holdout": 8}
for stage in ("stack_base", "python_base"):
    small |= {f"stages.{stage}.{key}": value for key, value in
              {"model.config": "tests/smoke/tiny_model.json", "max_tokens": 16384, "stop_at.every_tokens": 8192,
               "stop_at.num_prompts": 4, "save_steps": 16}.items()}
for stage in ("stack_rl", "python_rl"):
    small |= {f"stages.{stage}.{key}": value for key, value in
              {"max_steps": 2, "prompts_per_step": 2, "num_generations": 4, "eval.num_prompts": 4,
               "eval.num_samples": 1, "eval_steps": 2, "save_steps": 2, "max_completion_length": 96}.items()}
for stage in ("stack_report", "python_report"):
    small |= {f"stages.{stage}.num_samples": 1, f"stages.{stage}.num_prompts": 8}
overrides = [part for key, value in small.items() for part in ("--set", f"{key}={value}")]
aha.run("run", "configs/code_mini.yaml", *overrides)

folder = aha.scratch / "code_mini"
for stage, verifier in (("stack_rl", "stack_program"), ("python_rl", "code")):
    stage_folder = next(folder.glob(f"*-{stage}"))
    steps = [row for row in read_lines(stage_folder / "metrics.jsonl") if f"rewards/{verifier}/mean" in row]
    aha.expect(len(steps) == 2, f"{stage} has two steps")
    aha.expect(all(row[f"rewards/{verifier}/error_rate"] == 0 for row in steps), f"{verifier} judges every completion")
    completions = read_lines(stage_folder / "completions.jsonl")
    aha.expect(len(completions) == 16, f"{stage} shows its completions")
    aha.expect(all(row["rewards"][verifier] in (0, 1) for row in completions), f"{verifier} gives 0 or 1")
    shown = 4 if verifier == "stack_program" else 2
    aha.expect(all(row["prompt"].count(">") == shown for row in completions), f"{shown} tests of {stage} are shown")
for kind, verifier in (("stack", "stack_program"), ("python", "code")):
    stage = f"{kind}_report"
    rows = json.loads((next(folder.glob(f"*-{stage}")) / "result.json").read_text())["evaluations"]
    aha.expect([row["model"] for row in rows] == [f"{kind}_base", f"{kind}_rl"], f"{stage} has its models")
    aha.expect(all(set(row["rewards"]) == {verifier, "format"} for row in rows), f"{stage} has its rewards")

# A generator's own programs pass, the same plus one do not: the verifier is not the constant it is with a tiny model.
for task, verifier, plus_one in (("stack_program", "stack_program", lambda program: program + "1+"),
                                 ("python_program", "code", lambda program: program.replace(")\n```", "+1)\n```"))):
    aha.run("data", task, "--count", 12, "--seed", 5, "--output", aha.scratch / f"{task}.jsonl")
    rows = read_lines(aha.scratch / f"{task}.jsonl")
    for change, wanted in ((str, 1), (plus_one, 0)):
        judged = aha.write_lines(f"{task}_{wanted}.jsonl", [
            {**row, "completion": f"<think></think><answer>{change(row['answer'])}</answer>"} for row in rows])
        aha.run("verify", verifier, "--input", judged, "--output", aha.scratch / "verdicts.jsonl")
        rewards = [row["reward"] for row in read_lines(aha.scratch / "verdicts.jsonl")]
        aha.expect(rewards == [wanted] * len(rows), f"{verifier}, where {wanted} is right: {rewards}")
print(f"{aha.checks} checks")
