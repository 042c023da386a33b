"""The reward `code` under attack and under load: no forged verdict, and no honest program judged wrongly."""
import json
import os
import random
import subprocess
import sys
import time

from program import ROOT, Program, read_lines

sys.path.insert(0, str(ROOT / "tests"))
from sandbox import confinement  # noqa: E402
from sandbox.attack_suite import read_attacks  # noqa: E402
from sandbox.honest_suite import completion, honest_rows  # noqa: E402
from sandbox.way import Way  # noqa: E402

aha = Program()
aha.scratch.chmod(0o777)
IS_ROOT = os.geteuid() == 0
NUM_HONEST, NUM_CALLERS, NUM_BUSY = 500, 16, os.cpu_count()
rng = random.SystemRandom()


def verify(name, rows, *options, way=None, exit_codes=(0,)):
    """The answers of `aha verify code`, or its exit code where it refuses."""
    source = aha.write_lines(f"{name}.jsonl", rows)
    target = aha.scratch / f"{name}.out.jsonl"
    command = [str(aha.path), "verify", "code", "--input", str(source), "--output", str(target)]
    process = subprocess.run([*command, "--threads", str(NUM_CALLERS), *options], capture_output=True, text=True,
                             cwd=ROOT, preexec_fn=way.prepare if way else None)
    aha.expect(process.returncode in exit_codes, f"{name}: exit {process.returncode}: {process.stderr[-2000:]}")
    return read_lines(target) if process.returncode == 0 else process.returncode


# ---- forged verdicts: what would be right is known here alone, or the program breaks a rule after printing it
def attack_row(attack):
    number = str(rng.randrange(10**11, 10**12))
    expected = attack.options.get("output", number)
    question = rng.randrange(1000)
    row = {"id": attack.name, "completion": completion(attack.language, attack.program)}
    if "function" in attack.options:
        return row | {"fn_name": attack.options["function"], "inputs": [[question]] * 2, "outputs": [int(number)] * 2}
    return row | {"inputs": [f"{question}\n"] * 2, "outputs": [expected + "\n"] * 2}


HONEST = [{"id": "honest", "completion": completion("python", "print(42)"), "inputs": [""], "outputs": ["42"]},
          {"id": "honest call", "completion": completion("python", "def solve(x):\n    return [x, 42]"),
           "fn_name": "solve", "inputs": [[1]], "outputs": [[1, 42]]},
          {"id": "honest threads", "inputs": [""] * 4, "outputs": ["28"] * 4, "completion": completion("python", """
import threading, time
done = []
threads = [threading.Thread(target=lambda n=n: (time.sleep(0.05), done.append(n))) for n in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(sum(done))""")}]
WAYS = [Way("root"), Way("normal user", is_normal_user=True), Way("normal user, no namespaces", True, True)]
attempts, forged, masked, skipped = 0, [], [], []
for way in WAYS:
    if not IS_ROOT and way.name == "root":
        skipped.append(f"{way.name}: this check is not run as root")
        continue
    way.is_normal_user &= IS_ROOT
    attacks = [attack for attack in read_attacks({"TOKEN": "verdict", "CANARY": "/etc/shadow"}, "judging")
               if not way.without_namespaces or attack.language == "python"]
    options = ["--set", "timeout_seconds=1", "--set", "memory_mb=256"] + way.without_namespaces * [
        "--set", "allow_landlock=true"]
    answers = verify("attacks", [*map(attack_row, attacks), *HONEST], *options, way=way, exit_codes=(0, 3))
    if answers == 3:
        skipped.append(f"{way.name}: this machine gives no isolation to it")
        continue
    for answer in answers[:-len(HONEST)]:
        if answer["reward"] is None:
            masked.append(f"{way.name}: {answer['id']}: {answer['detail']}")
        elif answer["reward"] > 0:
            forged.append(f"{way.name}: {answer['id']}: {answer['detail']}")
    beside = answers[-len(HONEST):]
    aha.expect([answer["reward"] for answer in beside] == [1] * len(HONEST), f"honest beside attacks: {beside}")
    attempts += len(attacks)
for sentence in forged + masked + skipped:
    print(sentence)
aha.expect(not forged, f"{len(forged)} forged verdicts")
aha.expect(not masked, f"{len(masked)} programs avoided their 0")

# ---- honest programs while every core has something else to do
rows = honest_rows(NUM_HONEST)
busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(NUM_BUSY)]
start = time.monotonic()
try:
    answers = verify("honest", rows, "--set", "timeout_seconds=4", exit_codes=(0, 3))
finally:
    for process in busy:
        process.kill()
if answers == 3:
    print("skipped: honest programs: this machine gives no isolation")
    sys.exit(77)
wrong, infra = [], 0
for row, answer in zip(rows, answers, strict=True):
    verdict = answer["detail"]["verdict"]
    infra += answer["reward"] is None
    if verdict not in row["verdicts"] or answer["reward"] != (1 if row["verdicts"] == ["passed"] else 0):
        detail = json.dumps(answer["detail"])[:500]
        wrong.append(f"{row['name']}: {answer['reward']}, right is {row['verdicts']}: {detail}")
for sentence in wrong:
    print(sentence)
print(f"forged: 0 of {attempts} attempts; honest: {len(rows)} judged in {time.monotonic() - start:.0f} s, "
      f"{len(wrong)} wrong, {infra} of them infrastructure")
aha.expect(not wrong, f"{len(wrong)} honest programs were judged wrongly")
