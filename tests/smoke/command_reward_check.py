"""Rewards that are programs of the user's: TRL's functions judge as they do in TRL, runs ask them, and stop and go on."""
import json
import pathlib
import sys
import time

from program import ROOT, Program, read_lines

sys.path.insert(0, str(ROOT / "examples/command_reward"))
import example_rewards  # noqa: E402

aha = Program()
SERVE = [sys.executable, str(ROOT / "examples/command_reward/serve_trl_rewards.py")]
out = aha.scratch / "out.jsonl"


def verify(rows, command, *more, **options):
    return aha.run("verify", "command", "--input", aha.write_lines("rows.jsonl", rows), "--output", out, "--set",
                   f"command={json.dumps(command)}", *more, **options)


def wait_for(condition, sentence):
    deadline = time.monotonic() + 60
    while not condition():
        aha.expect(time.monotonic() < deadline, sentence)
        time.sleep(0.02)
    aha.expect(True, sentence)


def is_running(number):
    try:
        return ") Z " not in pathlib.Path(f"/proc/{number}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


# ---- TRL's reward functions, unchanged: what they say here is what they say when called
texts = ["<think>\nso\n</think>\nfive 5", "5", "<think>a</think> 6", "é ☃ 5"]
plain = [{"prompt": f"p{i}", "completion": text, "answer": gold} for i, (text, gold) in enumerate(zip(texts, ["5", 5, "7", None]))]
called = example_rewards.last_digit([], texts, [row["answer"] for row in plain])
verify(plain, [*SERVE, "example_rewards:last_digit"], "--allow-commands")
aha.expect([row["reward"] for row in read_lines(out)] == called == [1.0, 1.0, 0.0, None], f"last_digit: {read_lines(out)}")
try:
    from trl.rewards.format_rewards import think_format_reward
except ImportError:
    think_format_reward = None
    print("trl is not here: its own functions were not asked")
if think_format_reward:
    chats = [{"prompt": [{"role": "user", "content": "q"}], "completion": text} for text in texts]
    verify(chats, [*SERVE, "trl.rewards.format_rewards:think_format_reward"], "--allow-commands")
    called = think_format_reward([[{"role": "assistant", "content": text}] for text in texts])
    aha.expect([row["reward"] for row in read_lines(out)] == called, f"think_format_reward: {called}, {read_lines(out)}")
    aha.expect(1.0 in called and 0.0 in called, "it tells texts apart")

# ---- nothing runs that was not allowed, and a failure has no reward
touched = aha.scratch / "touched"
touch = [sys.executable, "-c", f"open({str(touched)!r}, 'w')"]
refused = verify(plain, touch, exit_code=2).stderr
aha.expect("--allow-commands" in refused and not touched.exists(), f"verify asks for --allow-commands: {refused}")
failed = verify(plain, touch, "--allow-commands")
rows = read_lines(out)
aha.expect(touched.exists() and all(row["reward"] is None and "exit code 0" in row["error"] for row in rows), f"{rows}")
aha.expect(f'starts ["{sys.executable}"' in failed.stderr, "the command is shown before it starts")
verify(plain, [*SERVE, "example_rewards:missing"], "--allow-commands")
aha.expect("has no attribute 'missing'" in read_lines(out)[0]["error"], "the program's last words are told")

# ---- the program ends with aha, however that ends
number = aha.scratch / "number"
sleeper = f"import os, time\nopen({str(number)!r}, 'w').write(str(os.getpid()))\nos.fork()\ntime.sleep(1000)"
process = aha.start("verify", "command", "--allow-commands", "--input", aha.write_lines("rows.jsonl", plain), "--output",
                    out, "--set", f"command={json.dumps([sys.executable, '-c', sleeper])}")
wait_for(lambda: number.is_file() and number.read_text(), "the program has started")
process.kill()
process.communicate()
wait_for(lambda: not is_running(int(number.read_text())), "the program has ended with aha")


# ---- a run
def run(rewards, name, *more, **options):
    return aha.run("run", "tests/smoke/tiny.yaml", "--stop-after", "zero", "--set", f"output_dir={aha.scratch / name}",
                   "--set", f"stages.zero.rewards={json.dumps(rewards)}", *more, **options)


long = {"name": "long", "verifier": "command", "command": [*SERVE, "example_rewards:long"], "watch": "accuracy"}
watching = {"name": "accuracy", "verifier": "math", "weight": 0}
refused = run([long, watching], "refused", exit_code=2).stderr
aha.expect("stages.1.rewards.0.command" in refused and "--allow-commands" in refused, f"run refuses at once: {refused}")
aha.expect(not (aha.scratch / "refused").exists(), "and leaves nothing")
log = run([long, watching], "judged", "--allow-commands").stderr
aha.expect(log.count("reward long starts") == 1, f"one program a stage: {log}")
aha.expect("nothing watches" not in log, "what is watched needs no notice")
steps = [row for row in read_lines(aha.scratch / "judged/tiny/02-zero/metrics.jsonl") if "reward" in row]
for key in ["rewards/long/mean", "rewards/long/error_rate", "rewards/long/timeout_rate", "rewards/long/undecided_rate"]:
    aha.expect(len(steps) == 4 and all(key in row for row in steps), f"metrics.jsonl has {key}")
aha.expect(all(row["rewards/long/mean"] > 0 and row["rewards/long/error_rate"] == 0 for row in steps), "it judged")
for row in read_lines(aha.scratch / "judged/tiny/02-zero/completions.jsonl"):
    aha.expect(abs(row["reward"] - example_rewards.long([row["completion"]])[0]) < 1e-9, f"the reward of {row}")

# ---- eval
model = aha.scratch / "judged/tiny/02-zero/model"
entry = aha.write_lines("long.yaml", [json.dumps({key: long[key] for key in ["name", "verifier", "command"]})])
evaluate = ["eval", model, "--task", "last_digit_sum", "--count", 4, "--num-samples", 2, "--max-completion-length", 16,
            "--rewards", "accuracy", "--reward-config", entry, "--json"]
aha.refuses(*evaluate, mentions=["--allow-commands"])
found = json.loads(aha.run(*evaluate, "--allow-commands").stdout)
aha.expect(found["rewards"]["long"] > 0 and found["failed"] == {"accuracy": 0, "long": 0}, f"eval asks it too: {found}")

# ---- one that fails stops the run, which goes on where it was
fixed, counter = aha.scratch / "fixed", aha.scratch / "counter"
breaking = f"""
import json, os, sys
for line in sys.stdin:
    with open({str(counter)!r}, "a") as count: count.write("x")
    if os.path.getsize({str(counter)!r}) > 2 and not os.path.exists({str(fixed)!r}): sys.exit("it broke")
    print(json.dumps({{"rewards": [float(len(text)) for text in json.loads(line)["completions"]]}}), flush=True)
"""
own = {"name": "own", "verifier": "command", "command": [sys.executable, "-c", breaking]}
stopped = run([own], "broken", "--allow-commands", exit_code=1).stderr
for part in ["stage zero, step 3: reward own failed on 16 of 16 completions", "it broke", "goes on from there",
             "nothing watches the reward own"]:
    aha.expect(part in stopped, f"{part!r} is said: {stopped[-2000:]}")
fixed.write_text("")
went_on = run([own], "broken", "--allow-commands").stderr
aha.expect("continues from step 2" in went_on, f"it goes on: {went_on[-2000:]}")
rows = read_lines(aha.scratch / "broken/tiny/02-zero/metrics.jsonl")
aha.expect(sorted({row["step"] for row in rows if "reward" in row}) == [1, 2, 3, 4], "every step is there once")
aha.run("run", "tests/smoke/tiny.yaml", "--set", "stages.zero.rewards.0.watch=acuracy", "--dry-run", exit_code=2)
print(f"{aha.checks} checks of command rewards")
