"""Other people's software on what we saved: transformers' log-probs on our models, tokenizers' ids on our tokenizer."""
import importlib.util
import random
import subprocess
import sys

from program import ROOT, Program

for package in ["torch", "transformers", "tokenizers"]:
    if importlib.util.find_spec(package) is None:
        print(f"skipped: {package} is missing")
        sys.exit(77)

aha = Program()
PYTHON = ROOT / "tests/python"


def yardstick(script, *arguments):
    process = subprocess.run([sys.executable, str(PYTHON / script), *map(str, arguments)], capture_output=True, text=True)
    print(process.stdout.strip().splitlines()[-1] if process.stdout.strip() else "")
    aha.expect(process.returncode == 0, f"{script}: exit {process.returncode}\n{process.stdout}\n{process.stderr[-3000:]}")


def pretrained(name, config, **options):
    """A few steps, so that no weight is as it was made."""
    recipe = aha.scratch / f"{name}.yaml"
    extra = "".join(f", {key}: {value}" for key, value in options.items())
    recipe.write_text(
        f"name: {name}\noutput_dir: {aha.scratch / 'runs'}\nstages:\n"
        f"  - {{name: base, kind: pretrain, model: {{config: {config}}}, data: [{{generator: corpus}}],\n"
        f"     learning_rate: 1.0e-2, tokens_per_step: 512, max_tokens: 5120, bias_update_rate: 0.01{extra}}}\n")
    aha.run("run", recipe)
    return aha.scratch / "runs" / name / "01-base/model"


models = {
    "nano": pretrained("nano", "configs/models/nano.json"),
    # Query latents, groups of experts, YaRN and an MTP module.
    "full": pretrained("full", "tests/smoke/tiny_model_full.json", mtp_loss_weight=0.3),
}
generator = random.Random(3)
ids = aha.write_lines("ids.jsonl", [{"input_ids": [generator.randrange(320) for _ in range(length)]}
                                    for length in (2, 3, 17, 64, 65, 130)])
for name, model in models.items():
    scores = aha.scratch / f"{name}.jsonl"
    aha.run("score", model, "--input", ids, "--output", scores)
    yardstick("transformers_check.py", model, "--input", ids, "--ours", scores, "--tolerance", 1e-4)

inputs = aha.scratch / "tokenizer"
yardstick("tokenizer_check.py", "inputs", inputs)
pairs = []
for name, options in [("texts", []), ("ids", ["--decode"]), ("chats", ["--chat"])]:
    output = inputs / f"{name}_ours.jsonl"
    aha.run("tokenize", models["nano"], *options, "--input", inputs / f"{name}.jsonl", "--output", output)
    pairs += [inputs / f"{name}.jsonl", output]
yardstick("tokenizer_check.py", "compare", models["nano"], *pairs)
