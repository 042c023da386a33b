#!/usr/bin/env python3
"""Compares log-probabilities of ours with those of transformers' DeepseekV3ForCausalLM on the same folder, in float32.

  transformers_check.py MODEL_FOLDER --input ids.jsonl --ours scores.jsonl [--tolerance 1e-4]

ids.jsonl has {"input_ids": [...]} a line; scores.jsonl what `aha score MODEL --input ids.jsonl --output scores.jsonl`
wrote: {"logprobs": [...]} of every token after the first. Exit 0: they agree; 1: they do not; 2: bad files; 3: a
Python package is missing.
"""
import argparse
import json
import sys


def stop(code, sentence):
    print(sentence, file=sys.stderr)
    sys.exit(code)


try:
    import torch
    import transformers
except ImportError as error:
    stop(3, f"{error.name} is missing; install it with: pip install -r tests/requirements.txt")


def read_rows(path, key):
    rows = []
    try:
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                try:
                    rows.append(json.loads(line)[key])
                except (ValueError, KeyError, TypeError):
                    stop(2, f'{path}:{number}: is not a JSON object with "{key}"')
    except OSError as error:
        stop(2, f"{path}: {error.strerror}")
    return rows


def load_model(folder):
    try:
        model, report = transformers.DeepseekV3ForCausalLM.from_pretrained(
            folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
        )
    except (OSError, ValueError, KeyError) as error:
        stop(2, f"{folder}: transformers does not load it: {error}")
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        names = sorted(str(name) for name in report.get(kind) or [])
        names = [name for name in names if not is_mtp(name, model.config)]
        if names:
            stop(1, f"{folder}: {kind.replace('_', ' ')}: {', '.join(names[:10])}")
    return model.eval()


def is_mtp(name, config):
    """transformers drops the multi-token prediction layer, whose index follows the last."""
    return name.startswith(f"model.layers.{config.num_hidden_layers}.")


@torch.no_grad()
def token_logprobs(model, ids):
    tokens = torch.tensor([ids])
    logprobs = model(input_ids=tokens).logits[0, :-1].double().log_softmax(-1)
    return logprobs.gather(1, tokens[0, 1:, None])[:, 0]


def compare(model, inputs, ours, tolerance):
    worst, place = 0.0, "nothing"
    for line, (ids, mine) in enumerate(zip(inputs, ours), 1):
        if len(mine) != len(ids) - 1:
            stop(1, f"line {line}: {len(mine)} log-probabilities for {len(ids)} tokens; expected {len(ids) - 1}")
        if not mine:
            continue
        difference = (token_logprobs(model, ids) - torch.tensor(mine, dtype=torch.float64)).abs()
        if not torch.isfinite(difference).all():
            stop(1, f"line {line}: a log-probability is not finite")
        index = int(difference.argmax())
        if difference[index] >= worst:
            worst, place = float(difference[index]), f"line {line}, token {index + 1}"
    print(f"largest difference {worst:.3g} ({place}); tolerance {tolerance:g}")
    if worst > tolerance:
        stop(1, f"log-probabilities differ from transformers {transformers.__version__} by {worst:.3g} at {place}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a Hugging Face folder that aha saved")
    parser.add_argument("--input", required=True, help='JSON lines of {"input_ids"}')
    parser.add_argument("--ours", required=True, help='JSON lines of {"logprobs"}, one a line of --input')
    parser.add_argument("--tolerance", type=float, default=1e-4)
    arguments = parser.parse_args()
    inputs, ours = read_rows(arguments.input, "input_ids"), read_rows(arguments.ours, "logprobs")
    if len(inputs) != len(ours):
        stop(2, f"{arguments.ours}: has {len(ours)} lines, but {arguments.input} has {len(inputs)}")
    if not inputs:
        stop(2, f"{arguments.input}: is empty; give at least one line")
    compare(load_model(arguments.model), inputs, ours, arguments.tolerance)


if __name__ == "__main__":
    main()
