"""One way of running the attacks: as whom, and with what the machine is said to give."""
import dataclasses
import json
import os
import pathlib
import subprocess
import threading
import time

from sandbox import confinement
from sandbox.oracle import MemoryWatch, Victim, descendants

LIMITS = (("pids", "pids.max", 2000), ("memory", "memory.limit_in_bytes", 12 << 30))


class SafetyNet:
    """Control groups that bound what a hole could do to this machine, where they can be made."""

    def __init__(self):
        self.folders = []
        for kind, name, limit in LIMITS:
            folder = pathlib.Path(f"/sys/fs/cgroup/{kind}/aha_check_{os.getpid()}")
            try:
                folder.mkdir()
                (folder / name).write_text(str(limit))
                self.folders.append(folder)
            except OSError:
                pass

    def enter(self):
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(os.getpid()))

    def remove(self):
        """What was left in them: a sentence for each group that is not empty."""
        left = []
        for folder in self.folders:
            for _ in range(20):
                try:
                    folder.rmdir()
                    break
                except OSError:
                    time.sleep(0.05)
            else:
                left.append(f"control groups were left below {folder}: {[path.name for path in folder.glob('*/')]}")
        return left


@dataclasses.dataclass
class Way:
    name: str
    is_normal_user: bool = False
    without_namespaces: bool = False
    without_landlock: bool = False
    best: str = "cgroup"

    def prepare(self, net=None):
        if net:
            net.enter()
        if self.is_normal_user:
            confinement.become_normal_user()
        if self.without_namespaces or self.without_landlock:
            confinement.forbid(self.without_namespaces, self.without_landlock)


class Probe:
    """The sandbox_probe program, run in a way, with everything near it that a program might steal."""

    def __init__(self, path, way, oracle, executables, num_boxes, net):
        self.way, self.oracle = way, oracle
        self.victim = Victim(way.prepare)
        canary, folder = os.open(oracle.canary, os.O_RDONLY), os.open(oracle.folder, os.O_RDONLY)
        self.process = subprocess.Popen(
            [f"sandbox_probe_{oracle.secret}", "--best", way.best, "--boxes", str(num_boxes), "--executables",
             executables],
            executable=path, cwd=oracle.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env={"PATH": os.environ["PATH"], "SECRET": oracle.secret}, pass_fds=(canary, folder),
            preexec_fn=lambda: way.prepare(net))
        os.close(canary), os.close(folder)
        first = self.process.stdout.readline()
        self.isolation = json.loads(first)["isolation"] if first else "none"

    def run(self, requests, deadline_seconds):
        """The answers to all requests, and sentences about what was wrong around them."""
        self.watch = MemoryWatch(os.getpid())
        before = len(descendants(os.getpid()))
        timer = threading.Timer(deadline_seconds, self.process.kill)
        timer.start()
        writer = threading.Thread(target=self.write, args=(requests,))
        writer.start()
        answers = []
        for line in self.process.stdout:
            answers.append(json.loads(line))
            if "done" in answers[-1]:
                answers.pop()
                break
        writer.join()
        timer.cancel()
        time.sleep(1)
        after = descendants(os.getpid())
        self.watch.stop()
        faults = []
        if len(after) > before:
            faults.append(f"survivors beside the {before} processes of the sandbox: {sorted(after.values())}")
        if len(answers) != sum(request["repeat"] for request in requests):
            faults.append(f"{len(answers)} answers to {len(requests)} programs; exit {self.process.poll()}")
        return answers, faults

    def write(self, requests):
        try:
            for request in requests:
                self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass

    def end(self):
        """What is wrong when all is over: its exit code, survivors, a victim that did not survive."""
        faults = [] if self.victim.is_unharmed() else ["a process outside was killed or stopped"]
        self.victim.end()
        try:
            self.process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            faults.append("the sandbox did not end within 10 s")
        deadline = time.monotonic() + 1
        while descendants(os.getpid()) and time.monotonic() < deadline:
            time.sleep(0.05)
        left = descendants(os.getpid())
        if left:
            faults.append(f"survivors of the whole process: {sorted(left.values())}")
        return faults
