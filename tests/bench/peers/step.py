#!/usr/bin/env python3
"""Times our GRPO step beside TRL's, and our training step beside transformers', on the same weights; prints the ratios.

step.sh starts it: see there for the options and for what is measured. The two take turns, so that a slow minute of the
machine falls on both; of the repeats, each a median over its steps, the best counts.
"""
import argparse
import itertools
import json

from side_by_side import Peer, add_common_arguments, make_model, names, numbers, run, wait_until_quiet

PHASES = ("generate", "reward", "logprobs", "forward", "backward", "optimizer", "other")
# Times faster that ours is to be, by model and new tokens of a completion; and its share of the other's memory.
WANTED_STEP = {("tiny", 64): 6, ("small", 64): 4, ("mid", 64): 3, ("tiny", 256): 10, ("small", 256): 6}
WANTED_TRAINING = {"tiny": 2.5, "small": 2, "mid": 2}
WANTED_MEMORY = 0.5


def verdict(ratio, wanted, at_least=True):
    if wanted is None:
        return ""
    is_met = ratio >= wanted if at_least else ratio <= wanted
    return f"({'≥' if at_least else '≤'} {wanted}) {'yes' if is_met else 'NO'}"


def choose_peer(make_peer, micro_batches, arguments):
    """Starts the peer with every setting, keeps the fastest; `leanest` is the least memory that one of them took."""
    best, best_row, leanest = None, None, None
    for threads, micro_batch in itertools.product(sorted({1, arguments.threads}), micro_batches):
        wait_until_quiet(arguments.patience)
        peer = make_peer(threads, micro_batch)
        row = peer.ask(1)
        leanest = min(leanest or row["peak_rss_bytes"], row["peak_rss_bytes"])
        if best and row["seconds_per_step"] >= best_row["seconds_per_step"]:
            peer.close()
            continue
        if best:
            best.close()
        best, best_row = peer, row
        best.setting = f"{threads} thread{'s' if threads > 1 else ''}, micro-batches of {micro_batch}"
    return best, leanest


def take_turns(time_ours, peer, arguments):
    """The best row of each, and whether the machine was quiet."""
    rows, quiet = {"ours": [], "peer": []}, True
    for _ in range(arguments.repeats):
        quiet = wait_until_quiet(arguments.patience) and quiet
        rows["ours"].append(time_ours())
        quiet = wait_until_quiet(arguments.patience) and quiet
        rows["peer"].append(peer.ask(arguments.steps))
    best = {name: min(those, key=lambda row: row["seconds_per_step"]) for name, those in rows.items()}
    return best["ours"], best["peer"], quiet


def measure(make_peer, micro_batches, time_ours, arguments):
    peer, leanest = choose_peer(make_peer, micro_batches, arguments)
    ours, theirs, quiet = take_turns(time_ours, peer, arguments)
    peer.close()
    memory = ours["peak_rss_bytes"] / min(leanest, theirs["peak_rss_bytes"])
    return {
        "ours": ours,
        "peer": theirs,
        "setting": peer.setting,
        "peer_leanest_bytes": leanest,
        "ratio": theirs["seconds_per_step"] / ours["seconds_per_step"],
        "memory_ratio": memory,
        "quiet": quiet,
    }


def our_command(verb, folder, arguments):
    command = [arguments.aha, "bench", verb, "--model", folder, "--threads", arguments.threads, "--json"]
    return [*command, "--steps", arguments.steps, "--warmup", arguments.warmup, "--device", "cpu", *arguments.ours]


def measure_step(model, new_tokens, arguments):
    folder = make_model(model, arguments)
    shape = ["--prompts", arguments.prompts, "--num-generations", arguments.num_generations]
    shape += ["--prompt-tokens", arguments.prompt_tokens]
    precision = ["--bf16"] if arguments.bf16 else []

    def make_peer(threads, micro_batch):
        words = [folder, *shape, "--new-tokens", new_tokens, "--micro-batch", micro_batch, "--warmup", 1, *precision]
        return Peer("trl_step.py", words, threads, arguments.jemalloc)

    command = our_command("step", folder, arguments) + shape + ["--max-completion-length", new_tokens, "--ignore-eos"]
    if arguments.bf16:
        command += ["--bf16", "--rollout-dtype", "bfloat16"]
    return measure(make_peer, arguments.micro_batch, lambda: json.loads(run(command)), arguments)


def measure_training(model, arguments):
    folder = make_model(model, arguments)
    precision = ["--bf16"] if arguments.bf16 else []

    def make_peer(threads, micro_batch):
        words = [folder, "--batch", 8, "--length", 256, "--micro-batch", micro_batch, *precision]
        return Peer("transformers_train.py", words, threads, arguments.jemalloc)

    command = our_command("train", folder, arguments) + ["--batch", 8, "--length", 256, *precision]
    return measure(make_peer, [2, 8], lambda: json.loads(run(command)), arguments)


def memory_cell(result):
    return f"memory {result['memory_ratio']:.2f} {verdict(result['memory_ratio'], WANTED_MEMORY, at_least=False)}"


def remark(result):
    return f"  [{result['setting']}]" + ("" if result["quiet"] else "  others used the machine")


def print_step(model, new_tokens, result):
    for name in ("ours", "peer"):
        row = result[name]
        phases = "".join(f"{row['phases'][phase]:11.3f}" for phase in PHASES)
        label = "ours" if name == "ours" else "TRL"
        megabytes = row["peak_rss_bytes"] / 1e6
        print(f"{model:6}{new_tokens:5}  {label:6}{row['seconds_per_step']:9.3f}{phases}{megabytes:9.0f}")
    ours, theirs = result["ours"]["phases"], result["peer"]["phases"]
    ratios = "".join(f"{theirs[p] / ours[p]:10.1f}x" if ours[p] and theirs[p] else " " * 11 for p in PHASES)
    wanted = verdict(result["ratio"], WANTED_STEP.get((model, new_tokens)))
    cells = f"{ratios}  {wanted}  {memory_cell(result)}{remark(result)}"
    print(f"{'':13}{'ratio':5}{result['ratio']:8.1f}x{cells}", flush=True)


def print_training(model, result):
    rates = f"{result['ours']['tokens_per_second']:12,.0f}{result['peer']['tokens_per_second']:14,.0f}"
    wanted = verdict(result["ratio"], WANTED_TRAINING.get(model))
    print(f"{model:6}{rates}{result['ratio']:8.1f}x {wanted}  {memory_cell(result)}{remark(result)}", flush=True)


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=names, default=["tiny", "small", "mid"])
    parser.add_argument("--new-tokens", type=numbers, default=[64, 256], help="mid is timed with the first alone")
    parser.add_argument("--what", type=names, default=["step", "train"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--steps", type=int, default=3, help="of a repeat; their median counts")
    parser.add_argument("--warmup", type=int, default=1)
    parser.add_argument("--prompts", type=int, default=8)
    parser.add_argument("--num-generations", type=int, default=8)
    parser.add_argument("--prompt-tokens", type=int, default=16)
    parser.add_argument("--micro-batch", type=numbers, default=[16, 64], help="sequences; what the peer is tried with")
    parser.add_argument("--bf16", action="store_true", help="bfloat16 products on both sides")
    parser.add_argument("--ours", type=lambda text: text.split(), default=[], help="further options of ours")
    add_common_arguments(parser)
    return parser.parse_args()


def print_head(arguments):
    shape = f"{arguments.prompts} prompts x {arguments.num_generations} x ({arguments.prompt_tokens} + new tokens)"
    print(
        f"seconds of a GRPO step, {shape}, {'bfloat16 products' if arguments.bf16 else 'float32'}; best of "
        f"{arguments.repeats} medians of {arguments.steps}; in brackets what is wanted, and TRL's setting"
    )
    print(f"{'model':6}{'new':>5}  {'':6}{'step':>9}" + "".join(f"{phase:>11}" for phase in PHASES) + f"{'peak MB':>9}")


def main():
    arguments = read_arguments()
    results = []
    if "step" in arguments.what:
        print_head(arguments)
        for model in arguments.models:
            for new_tokens in arguments.new_tokens if model != "mid" else arguments.new_tokens[:1]:
                result = measure_step(model, new_tokens, arguments)
                print_step(model, new_tokens, result)
                results.append({"model": model, "new_tokens": new_tokens, **result})
    if "train" in arguments.what:
        print("\ntokens/s of forward, backward and AdamW, 8 x 256")
        print(f"{'model':6}{'ours':>12}{'transformers':>14}{'ratio':>9}")
        for model in arguments.models:
            result = measure_training(model, arguments)
            print_training(model, result)
            results.append({"model": model, "length": 256, **result})
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
