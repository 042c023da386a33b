"""The smoke recipe, whole: pure RL must lift pass@1 by 25 points and bring the format, within 2 GB of memory."""
import json
import resource
import time

from program import Program

aha = Program()
begin = time.monotonic()
aha.run("run", "configs/smoke.yaml", "--set", f"output_dir={aha.scratch}")
seconds = time.monotonic() - begin
folder = aha.scratch / "smoke"
report = next(folder.glob("*-report")) / "result.json"
rows = {row["model"]: row for row in json.loads(report.read_text())["evaluations"]}
for name, row in rows.items():
    print(f"{name:>14}  pass@1 {row['pass@1']:.3f}  length {row['mean_length']:.1f}  {row['rewards']}")
aha.expect(0.15 <= rows["base"]["pass@1"] <= 0.40, "the base solves 15 to 40 of 100")
aha.expect(rows["zero"]["pass@1"] >= rows["base"]["pass@1"] + 0.25, "pure RL lifts pass@1 by 25 points")
aha.expect(rows["zero"]["rewards"]["format"] >= 0.95, "pure RL brings the format")
gigabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
aha.expect(gigabytes <= 2, f"the run took {gigabytes:.2f} GB")
print(f"{seconds:.0f} s, {gigabytes:.2f} GB at most")
