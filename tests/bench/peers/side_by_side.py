"""What the drivers share that time our program beside others on one machine."""
import json
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def run(command, environment=None):
    """What the command prints; where it fails, its last lines, and this program ends."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout[-500:]}{done.stderr[-2000:]}")
    return done.stdout


def idle_ticks():
    """Ticks that all cores together spent idle, from the first line of /proc/stat."""
    fields = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()
    return int(fields[4]) + int(fields[5])


def wait_until_quiet(patience):
    """Waits until others leave nine tenths of the cores idle; False if they did not within the seconds given."""
    all_ticks = 0.5 * os.sysconf("SC_CLK_TCK") * os.cpu_count()
    deadline = time.monotonic() + patience
    while True:
        begin = idle_ticks()
        time.sleep(0.5)
        if idle_ticks() - begin >= 0.9 * all_ticks:
            return True
        if time.monotonic() >= deadline:
            return False


def make_model(name, arguments):
    """The folder of configs/models/<name>.json with random weights, made where it is missing."""
    folder = arguments.folder / name
    if not (folder / "config.json").exists():
        run([sys.executable, HERE / "make_model.py", arguments.configs / f"{name}.json", folder])
    return folder


def peer_environment(threads, jemalloc):
    """jemalloc keeps what is freed: giving it back and faulting it in again costs a GRPO step a third of its time."""
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    if not jemalloc:
        return environment
    return environment | {"LD_PRELOAD": jemalloc, "MALLOC_CONF": "dirty_decay_ms:-1,muzzy_decay_ms:-1"}


class Peer:
    """A Python program that stays loaded: it prints one JSON line when it is ready and one for each line it gets."""

    def __init__(self, script, words, threads, jemalloc):
        command = [sys.executable, HERE / script, *words, "--threads", threads, "--follow"]
        self.script = script
        self.process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=peer_environment(threads, jemalloc),
        )
        self.read_row()

    def ask(self, line):
        print(line, file=self.process.stdin, flush=True)
        return self.read_row()

    def read_row(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.script} ended early")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def names(text):
    return text.split(",")


def numbers(text):
    return [int(word) for word in names(text)]


def add_common_arguments(parser):
    """Those of every driver; the last ones are filled in by its shell script."""
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--patience", type=float, default=60, help="seconds to wait for a quiet machine, each time")
    parser.add_argument("--json", type=Path, help="writes the measurements there too")
    parser.add_argument("--aha", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--configs", type=Path, required=True)
    parser.add_argument("--jemalloc", default="")
