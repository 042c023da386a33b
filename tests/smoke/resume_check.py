"""Kills a run with SIGKILL at random moments in every stage: what it leaves must be an unbroken run's, byte for byte.

  resume_check.py --aha build/release/aha --scratch /tmp/s [--recipe configs/smoke.yaml] [--kills 40] [--seed 1]

Without --recipe it is the tiny one. Other arguments go to `aha run`, such as --set stages.base.save_steps=100.
"""
import argparse
import random
import signal
import subprocess
import time

from program import ROOT, Program

aha = Program()
parser = argparse.ArgumentParser()
parser.add_argument("--recipe", default="tests/smoke/tiny.yaml")
parser.add_argument("--kills", type=int, default=12)
parser.add_argument("--seed", type=int, default=1)
options, more = parser.parse_known_args(aha.rest)
generator = random.Random(options.seed)
POLL_SECONDS = 0.02


LOG = aha.scratch / "log.txt"


def start(name):
    command = [aha.path, "run", options.recipe, "--set", f"output_dir={aha.scratch / name}", *more]
    with LOG.open("w") as log:  # a pipe that nobody reads would stop the program
        return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)


def finish(process):
    process.wait()
    aha.expect(process.returncode == 0, f"the run ends well: {LOG.read_text()[-3000:]}")


def stages_of(name):
    return sorted(path.relative_to(aha.scratch / name) for path in (aha.scratch / name).glob("*/[0-9][0-9]-*"))


def unbroken_run():
    """@return seconds of each stage, the program's start added, as a resumed stage begins with it; seconds of them all."""
    begin, begins = time.monotonic(), {}
    process = start("whole")
    while process.poll() is None:
        for stage in stages_of("whole"):
            begins.setdefault(stage, time.monotonic())
        time.sleep(POLL_SECONDS)
    finish(process)
    ends = [*list(begins.values())[1:], time.monotonic()]
    start_seconds = min(begins.values()) - begin
    seconds = {stage: start_seconds + end - first for (stage, first), end in zip(begins.items(), ends, strict=True)}
    return seconds, ends[-1] - begin - start_seconds


def kill_inside(stage, seconds):
    """Starts the run, and kills it some time after this stage has begun. @return the stage it died in; none: it was done"""
    process = start("killed")
    while process.poll() is None and stage not in stages_of("killed"):
        time.sleep(POLL_SECONDS)
    deadline = time.monotonic() + generator.uniform(0, seconds)
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return max(stages_of("killed"))
    finish(process)
    return None


def killed_run(seconds):
    """As many kills as asked for, spread over the stages, and then a run to the end. @return kills by stage"""
    kills = dict.fromkeys(seconds, 0)
    targets = sorted(list(seconds)[i % len(seconds)] for i in range(options.kills))
    for target in targets:
        stage = kill_inside(target, seconds[target])
        if stage is None:
            break
        kills[stage] += 1
    finish(start("killed"))
    return kills


def stopped_run(seconds):
    """A stop signal: exit 75, and the same command goes on."""
    stopped = start("stopped")
    while stopped.poll() is None and not stages_of("stopped"):  # before that, nobody may have taken the signal on yet
        time.sleep(POLL_SECONDS)
    time.sleep(0.4 * seconds)
    stopped.send_signal(signal.SIGTERM)
    stopped.wait(timeout=10)
    aha.expect(stopped.returncode in (0, 75), f"SIGTERM ends with 75 (or 0 where it was done), not {stopped.returncode}")
    finish(start("stopped"))


def stop_at_the_end():
    """A run that is saved is done, even if a stop signal comes before the program has gone."""
    done = start("stopped")
    while done.poll() is None and "report: " not in LOG.read_text():
        time.sleep(0.001)
    done.send_signal(signal.SIGTERM)
    finish(done)


def compare(name):
    """Weights, completions and data sets: nothing differs, nothing is lost, nothing repeated."""
    whole = aha.scratch / "whole"
    files = [path.relative_to(whole) for pattern in ("model/*.safetensors", "adapter/*.safetensors", "*.jsonl")
             for path in sorted(whole.glob(f"*/[0-9][0-9]-*/{pattern}")) if path.name != "metrics.jsonl"]
    aha.expect(len(files) >= 4, f"a run leaves more to compare than {len(files)} files")
    for file in files:
        aha.expect((aha.scratch / name / file).read_bytes() == (whole / file).read_bytes(),
                   f"{file} of the {name} run equals the unbroken one")
    return len(files)


stage_seconds, whole_seconds = unbroken_run()
kills = killed_run(stage_seconds)
stopped_run(whole_seconds)
stop_at_the_end()
aha.expect(sum(kills.values()) > 0, "the run was killed at least once")
num_files = compare("killed")
compare("stopped")
for stage, count in kills.items():
    print(f"{stage.name:24} {stage_seconds[stage]:7.1f} s  {count} kills")
print(f"{sum(kills.values())} kills and a stop signal: {num_files} files with the same bytes")
