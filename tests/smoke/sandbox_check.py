"""Programs that try to come out of the sandbox, in every way that this machine can be run, seen from outside."""
import dataclasses
import os
import pathlib
import shutil
import subprocess
import sys
import time

from program import ROOT, Program

sys.path.insert(0, str(ROOT / "tests"))
from sandbox import confinement  # noqa: E402
from sandbox.attack_suite import read_attacks  # noqa: E402
from sandbox.oracle import Oracle  # noqa: E402
from sandbox.way import Probe, SafetyNet, Way  # noqa: E402

aha = Program()


def option(name, default=""):
    return aha.rest[aha.rest.index(name) + 1] if name in aha.rest else default


probe_path = pathlib.Path(option("--probe")).resolve()
only, without, only_way = option("--only"), option("--without", "no such name"), option("--way")  # parts of names
IS_ROOT = os.geteuid() == 0
NUM_BOXES, MEMORY_MB, DEADLINE_SECONDS = 4, 256, 300
WAYS = [Way("root"), Way("root, no control group", best="namespaces"), Way("normal user", is_normal_user=True),
        Way("root, no namespaces", without_namespaces=True),
        Way("normal user, no namespaces", is_normal_user=True, without_namespaces=True)]
found, skipped = [], []


def way_is_possible(way, isolation, seen):
    """Whether the machine gives what this way is about; else why not."""
    if way.without_namespaces and isolation != "landlock":
        skipped.append(f"{way.name}: this kernel's Landlock is not enough")
    elif not way.without_namespaces and isolation not in ("cgroup", "namespaces"):
        skipped.append(f"{way.name}: this machine forbids it user namespaces")
    elif way.best == "namespaces" and "cgroup" not in seen:
        skipped.append(f"{way.name}: there is no control group to do without")
    else:
        return True
    return False


def judge(way, attack, answer):
    """A sentence for each thing that is wrong with how one attack ended."""
    name = f"{way.name}: {attack.name}"
    if oracle.has_leaked(answer["stdout"] + "\n" + answer["stderr"]):
        found.append(f"{name} ESCAPED: {answer['stdout'][:300]} {answer['stderr'][:300]}")
    if answer["status"] not in attack.statuses:
        found.append(f"{name} is {answer['status']}, not {attack.statuses}: {answer['reason']} "
                     f"{answer['stdout'][:200]} {answer['stderr'][-300:]}")


def can_run(attack, number, isolation, seen):
    """Where nothing can be compiled, what was compiled in an earlier way is run."""
    has_program = attack.language == "python" or isolation != "landlock" or (executables / str(number)).exists()
    return has_program and not (seen and "once" in attack.options)


def run_way(way, seen):
    if not IS_ROOT and not way.is_normal_user:
        return skipped.append(f"{way.name}: this check is not run as root")
    net = SafetyNet()
    here = dataclasses.replace(way, is_normal_user=way.is_normal_user and IS_ROOT)
    probe = Probe(probe_path, here, oracle, executables, NUM_BOXES, net)
    num_attacks, start = 0, time.monotonic()
    if way_is_possible(way, probe.isolation, seen):
        requests = [attack.request(number, f"{probe.victim.process.pid}\n") for number, attack in enumerate(attacks)
                    if can_run(attack, number, probe.isolation, seen)]
        answers, faults = probe.run(requests, DEADLINE_SECONDS)
        aha.write_lines(f"{way.name}.jsonl".replace(" ", "_"), answers)
        for answer in answers:
            judge(way, attacks[answer["id"]], answer)
        if probe.watch.shared_mb > NUM_BOXES * 64:
            faults.append(f"shared memory grew by {probe.watch.shared_mb} MB")
        if probe.watch.largest_mb > MEMORY_MB + 512:
            faults.append(f"a process grew to {probe.watch.largest_mb} MB")
        found.extend(f"{way.name}: {fault}" for fault in faults + oracle.harm())
        num_attacks = len(requests)
        seen.append(probe.isolation)
        print(f"{way.name} ({probe.isolation}): {num_attacks} programs, {len(answers)} runs, "
              f"{time.monotonic() - start:.0f} s, largest process {probe.watch.largest_mb} MB", flush=True)
    found.extend(f"{way.name}: {fault}" for fault in probe.end() + net.remove())
    return num_attacks


def run_controls():
    """Attacks that harm nobody succeed where there is no sandbox: the oracle sees what it is there to see."""
    python = shutil.which("python3", path="/usr/bin:/bin")
    controls = [attack for attack in attacks if attack.is_control]
    for attack in controls:
        source = oracle.folder / ("control" + {"python": ".py", "c": ".c", "cpp": ".cpp"}[attack.language])
        source.write_text(attack.program)
        command, output = [python, str(source)], ""
        if attack.language != "python":
            command = [str(oracle.folder / "control")]
            compiler = ["gcc", "-o", command[0], str(source)]
            output = subprocess.run(compiler, capture_output=True, text=True).stderr
        if not output:
            canary = os.open(oracle.canary, os.O_RDONLY)
            result = subprocess.run(command, cwd=oracle.folder, capture_output=True, text=True, timeout=30,
                                    errors="replace", env={"PATH": os.environ["PATH"], "SECRET": oracle.secret},
                                    pass_fds=(canary,), preexec_fn=confinement.become_normal_user if IS_ROOT else None)
            os.close(canary)
            output = result.stdout + "\n" + result.stderr
        time.sleep(0.1)
        aha.expect(oracle.has_leaked(output) or oracle.harm(), f"{attack.name} fails even without a sandbox: {output}")
        oracle.repair()
    return len(controls)


def check_refusal():
    """Where nothing isolates, nothing is run."""
    program = oracle.folder / "program.py"
    program.write_text(f"open('{oracle.folder}/executed', 'w')\nprint('ran')\n")
    for is_normal_user in (False, True) if IS_ROOT else (False,):
        way = Way("nothing isolates", is_normal_user, True, True)
        process = subprocess.run([str(aha.path), "sandbox", str(program), "--language", "python"], capture_output=True,
                                 text=True, preexec_fn=way.prepare, cwd=oracle.folder)
        aha.expect(process.returncode == 3, f"refuses with exit code 3: {process}")
        aha.expect("ran" not in process.stdout and not (oracle.folder / "executed").exists(), "nothing was executed")
        aha.expect(process.stderr.count("\n") < 20 and "solat" in process.stderr, f"says why: {process.stderr}")


confinement.adopt_orphans()
oracle = Oracle(aha.scratch / "host")
executables = aha.scratch / "executables"
executables.mkdir()
executables.chmod(0o777)
attacks = [attack for attack in read_attacks(oracle.places()) if only in attack.name and without not in attack.name]
isolations, counts = [], []
num_controls = run_controls()
for each in (way for way in WAYS if only_way in way.name):
    counts.append(run_way(each, isolations))
check_refusal()
for sentence in skipped:
    print("skipped:", sentence)
for sentence in found:
    print("FAILED:", sentence)
programs = "+".join(str(count) for count in counts if count)
print(f"attacks: {len(attacks)} programs, {programs} in {len(isolations)} ways, "
      f"{num_controls} of them succeed without a sandbox; {len(found)} findings, {len(skipped)} ways skipped")
sys.exit(1 if found else 0 if isolations else 77)
