"""Kills a run with SIGKILL again and again until it is done: every model must have the bytes of an unbroken run's."""
import random
import signal
import subprocess
import time

from program import Program

aha = Program()


def command(name):
    return ["run", "tests/smoke/tiny.yaml", "--set", f"output_dir={aha.scratch / name}"]


begin = time.monotonic()
aha.run(*command("whole"))
whole_seconds = time.monotonic() - begin

generator = random.Random(1)
kills = 0
while True:
    process = aha.start(*command("killed"))
    # Late enough to make progress now and then, early enough to hit every stage over the attempts.
    try:
        process.wait(timeout=generator.uniform(0.05, 0.6) * whole_seconds)
        break
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
    if kills > 60:
        raise SystemExit("FAILED: 60 kills and the run is not done: it does not make progress")
aha.expect(process.returncode == 0, f"the last run ends well: {process.stderr.read()[-2000:]}")

# A stop signal: exit 75, and the same command goes on.
stopped = aha.start(*command("stopped"))
time.sleep(0.4 * whole_seconds)
stopped.send_signal(signal.SIGTERM)
code = stopped.wait(timeout=10)
aha.expect(code in (0, 75), f"SIGTERM ends with 75 (or 0 where it was done), not {code}")
aha.run(*command("stopped"))

for stage in ["01-base", "02-zero", "04-sft"]:
    path = f"tiny/{stage}/model/model.safetensors"
    whole = (aha.scratch / "whole" / path).read_bytes()
    for name in ["killed", "stopped"]:
        aha.expect((aha.scratch / name / path).read_bytes() == whole, f"{stage} of the {name} run equals the unbroken one")
for name in ["killed", "stopped"]:
    path = "tiny/02-zero/completions.jsonl"
    aha.expect((aha.scratch / name / path).read_text() == (aha.scratch / "whole" / path).read_text(),
               f"completions of the {name} run: none lost, none repeated")
print(f"{kills} kills and a stop signal: same bytes")
