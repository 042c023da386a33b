"""TensorBoard's own loader must read our event files, and read what metrics.jsonl says.

Runs the tiny recipe, or takes a run folder: tensorboard_check.py --aha build/release/aha --scratch /tmp/s --run runs/x
"""
import math
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "smoke"))
from program import Program, read_lines

try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

LARGEST_FLOAT = 3.4028234e38


def wanted_scalars(stage):
    """{tag: {step: value}}; a step written twice (by a resumed run) counts with its last line."""
    scalars = {}
    for line in read_lines(stage / "metrics.jsonl"):
        step = line.pop("step")
        for tag, value in line.items():
            scalars.setdefault(tag, {})[step] = math.nan if value is None else value
    return scalars


def found_scalars(stage):
    accumulator = EventAccumulator(str(stage), size_guidance={"scalars": 0})
    accumulator.Reload()
    return {tag: {event.step: event.value for event in accumulator.Scalars(tag)}
            for tag in accumulator.Tags()["scalars"]}


def is_same(wanted, found):
    """Equal as float32; what is not finite is null in JSON, what is too large is infinite in an event."""
    if math.isnan(wanted) or abs(wanted) > LARGEST_FLOAT:
        return not math.isfinite(found)
    return abs(wanted - found) <= 6e-8 * abs(wanted) + 1e-45


def check_stage(aha, stage):
    wanted, found = wanted_scalars(stage), found_scalars(stage)
    aha.expect(set(wanted) == set(found), f"{stage.name}: tags differ: {set(wanted) ^ set(found)}")
    for tag, by_step in wanted.items():
        aha.expect(by_step.keys() == found[tag].keys(), f"{stage.name}: steps of {tag} differ")
        for step, value in by_step.items():
            aha.expect(is_same(value, found[tag][step]), f"{stage.name}: {tag} at {step}: {value} {found[tag][step]}")
    for path in stage.glob("events.out.tfevents.*"):
        num_events = len(list(RawEventFileLoader(str(path)).Load()))
        aha.expect(num_events > 1, f"{path.name}: its records have right checksums")


aha = Program()
if aha.rest[:1] == ["--run"]:
    run = pathlib.Path(aha.rest[1])
else:
    aha.run("run", "tests/smoke/tiny.yaml", "--set", f"output_dir={aha.scratch}")
    run = aha.scratch / "tiny"
stages = sorted(path.parent for path in run.glob("*/metrics.jsonl"))
aha.expect(stages, f"{run} has stages with metrics")
for stage in stages:
    check_stage(aha, stage)
print(f"{len(stages)} stages, {aha.checks} checks: TensorBoard reads what metrics.jsonl says")
