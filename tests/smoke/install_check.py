"""Installs the package into a scratch folder, builds examples/embed against it, and runs that on a model folder."""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*command, **options):
    result = subprocess.run([str(c) for c in command], capture_output=True, text=True, errors="replace", **options)
    if result.returncode:
        sys.exit(f"{' '.join(map(str, command))}\nexit {result.returncode}\n{result.stdout}\n{result.stderr}")
    return result.stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--aha", type=pathlib.Path, required=True)
    parser.add_argument("--scratch", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    shutil.rmtree(arguments.scratch, ignore_errors=True)
    arguments.scratch.mkdir(parents=True)
    prefix = arguments.scratch / "prefix"
    bin_folder = ROOT / ".venv/bin"
    environment = os.environ | {"PATH": f"{bin_folder}:{os.environ['PATH']}"}

    run("cmake", "--install", arguments.aha.parent, "--prefix", prefix, env=environment)
    run("cmake", "-S", ROOT / "examples/embed", "-B", arguments.scratch / "embed", "-G", "Ninja",
        f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_BUILD_TYPE=Release", env=environment)
    run("cmake", "--build", arguments.scratch / "embed", env=environment)

    # A small untrained model: two steps of pretraining leave a folder to load.
    recipe = arguments.scratch / "recipe.yaml"
    recipe.write_text(
        "name: tiny\nstages:\n"
        "  - {name: base, kind: pretrain, model: {config: configs/models/nano.json},\n"
        "     data: [{generator: corpus}], tokens_per_step: 256, max_tokens: 512}\n")
    run(arguments.aha, "run", recipe, "--set", f"output_dir={arguments.scratch / 'runs'}", cwd=ROOT)
    model = next((arguments.scratch / "runs/tiny").glob("*-base/model"))
    printed = run(arguments.scratch / "embed/embed", model, arguments.scratch / "out")
    if "grad_norm" not in printed or printed.count(" -> ") != 8:
        sys.exit(f"embed printed something else:\n{printed}")
    if not json.loads((arguments.scratch / "out/config.json").read_text())["hidden_size"]:
        sys.exit("embed saved no model")
    installed = run(prefix / "bin/aha", "--version")
    print("installed", installed.strip(), "; embed ran")


if __name__ == "__main__":
    main()
