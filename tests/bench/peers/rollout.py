#!/usr/bin/env python3
"""Times our sampler, transformers' generate and llama.cpp's batched bench on the same weights, and prints the ratios.

rollout.sh starts it: see there for the options and for what is measured. The three take turns within each model, dtype
and batch size, so that a slow minute of the machine falls on all; the best of the repeats counts.
"""
import argparse
import json
import os
import sys

from side_by_side import HERE, Peer, add_common_arguments, make_model, names, numbers, run, wait_until_quiet

PROGRAMS = ("ours", "transformers", "llama.cpp")
# Times faster that the sampler is to be, by model and batch size.
WANTED = {
    "transformers": {
        ("tiny", 1): 10,
        ("small", 1): 7,
        ("mid", 1): 5,
        ("tiny", 64): 12,
        ("small", 64): 8,
        ("mid", 64): 8,
    },
    "llama.cpp": {
        ("tiny", 1): 1,
        ("small", 1): 1,
        ("mid", 1): 1,
        ("tiny", 64): 2,
        ("small", 64): 1.5,
        ("mid", 64): 1.3,
    },
}


def time_ours(folder, dtype, batch, arguments):
    command = [arguments.aha, "bench", "rollout", "--model", folder, "--dtype", dtype, "--batch", batch]
    command += ["--threads", arguments.threads, "--prompt-tokens", arguments.prompt_tokens]
    command += ["--max-completion-length", arguments.new_tokens, "--ignore-eos", "--device", "cpu", "--json"]
    return json.loads(run(command))["results"][0]["tokens_per_second"]


def time_llama(gguf, batch, arguments):
    """The better of one thread and of all, since its threads wait for each other at every operation of a small model.

    Its S_TG leaves the prompt out; tokens generated over the whole time is what the others report.
    """
    length = -(-(arguments.prompt_tokens + arguments.new_tokens) // 256) * 256
    command = [arguments.folder / "bin/llama-batched-bench", "-m", gguf, "-c", batch * length, "-fa", "on"]
    command += ["-npp", arguments.prompt_tokens, "-ntg", arguments.new_tokens, "-npl", batch]
    command += ["--output-format", "jsonl"]
    rates = []
    for threads in {1, arguments.threads}:
        lines = run([*command, "-t", threads, "-tb", threads], os.environ | {"OMP_PROC_BIND": "true"}).splitlines()
        rates += [batch * arguments.new_tokens / json.loads(line)["t"] for line in lines if line.startswith("{")]
    return max(rates)


def prepare(model, dtypes, arguments):
    """Makes the folder and the GGUF files of a model where they are missing, and checks that all compute the same."""
    folder = make_model(model, arguments)
    for dtype in dict.fromkeys(["float32", *dtypes]):
        path = arguments.folder / f"{model}-{dtype}.gguf"
        if not path.exists():
            run([sys.executable, HERE / "to_gguf.py", folder, path, "--dtype", dtype])
    command = [sys.executable, HERE / "check_same_model.py", folder]
    command += [arguments.folder / f"{model}-float32.gguf", "--aha", arguments.aha]
    print(run([*command, "--logits", arguments.folder / "bin/llama_logits"]), end="", flush=True)


def measure(model, dtype, arguments):
    """batch -> program -> best tokens a second."""
    folder = arguments.folder / model
    gguf = arguments.folder / f"{model}-{dtype}.gguf"
    best = {batch: dict.fromkeys(PROGRAMS, 0.0) for batch in arguments.batch}
    words = [folder, "--dtype", dtype, "--prompt-tokens", arguments.prompt_tokens, "--new-tokens", arguments.new_tokens]
    peer = Peer("transformers_rollout.py", words, arguments.threads, arguments.jemalloc)
    for batch, of_program in best.items():
        timers = {
            "ours": lambda: time_ours(folder, dtype, batch, arguments),
            "transformers": lambda: peer.ask(batch)["tokens_per_second"],
            "llama.cpp": lambda: time_llama(gguf, batch, arguments),
        }
        quiet = True
        for program in [*PROGRAMS] * arguments.repeats:
            quiet = wait_until_quiet(arguments.patience) and quiet
            of_program[program] = max(of_program[program], timers[program]())
        print_row(model, dtype, batch, of_program, "" if quiet else "  others used the machine")
    peer.close()
    return best


def print_row(model, dtype, batch, of_program, remark):
    cells = [f"{model:6}{dtype:9}{batch:6}"] + [f"{of_program[program]:14,.0f}" for program in PROGRAMS]
    for program in PROGRAMS[1:]:
        ratio = of_program["ours"] / of_program[program]
        wanted = WANTED[program].get((model, batch))
        verdict = f" (≥ {wanted:3}) {'yes' if ratio >= wanted else 'NO':3}" if wanted else " " * 12
        cells.append(f"{ratio:8.1f}{verdict}")
    print("  ".join(cells) + remark, flush=True)


def print_head(arguments):
    print(
        f"tokens/s: {arguments.prompt_tokens} prompt tokens, {arguments.new_tokens} new, threads {arguments.threads}, "
        f"best of {arguments.repeats}; in brackets the ratio wanted"
    )
    columns = "".join(f"{program:>16}" for program in PROGRAMS)
    print(f"{'model':6}{'dtype':9}{'batch':>6}{columns}    ours/transformers      ours/llama.cpp")


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=names, default=["tiny", "small", "mid"])
    parser.add_argument("--dtypes", type=names, default=["float32", "bfloat16"])
    parser.add_argument("--batch", type=numbers, default=[1, 8, 64])
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--prompt-tokens", type=int, default=16)
    parser.add_argument("--new-tokens", type=int, default=256)
    add_common_arguments(parser)
    return parser.parse_args()


def main():
    arguments = read_arguments()
    for model in arguments.models:
        prepare(model, arguments.dtypes, arguments)
    print_head(arguments)
    results = []
    for model in arguments.models:
        for dtype in arguments.dtypes:
            for batch, of_program in measure(model, dtype, arguments).items():
                results.append({"model": model, "dtype": dtype, "batch": batch, **of_program})
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
