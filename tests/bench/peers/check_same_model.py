#!/usr/bin/env python3
"""Checks that transformers, llama.cpp and ours compute the same model, so that their speeds may be compared.

  check_same_model.py FOLDER FILE.gguf --logits llama_logits --aha PROGRAM [--tolerance 1e-4]

On random ids, in float32: llama.cpp's log-probabilities of every token after every position against transformers', and
ours of the given tokens. What is printed are the largest differences. Exit 0: they agree; 1: they do not.
"""
import argparse
import json
import subprocess
import sys

import torch
import transformers

transformers.logging.disable_progress_bar()

LENGTH = 48


def reference_log_probs(folder, ids):
    model = transformers.DeepseekV3ForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    with torch.inference_mode():
        return torch.log_softmax(model.eval()(torch.tensor([ids])).logits[0].double(), -1)


def llama_log_probs(program, path, ids):
    text = subprocess.run([program, path, *map(str, ids)], check=True, capture_output=True, text=True).stdout
    rows = [[float(value) for value in line.split()] for line in text.splitlines()]
    return torch.log_softmax(torch.tensor(rows, dtype=torch.float64), -1)


def our_token_log_probs(program, folder, ids):
    row = json.dumps({"input_ids": ids})
    command = [program, "score", folder, "--dtype", "float32"]
    text = subprocess.run(command, input=row, check=True, capture_output=True, text=True).stdout
    return torch.tensor(json.loads(text.splitlines()[0])["logprobs"], dtype=torch.float64)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("gguf")
    parser.add_argument("--logits", required=True)
    parser.add_argument("--aha", required=True)
    parser.add_argument("--tolerance", type=float, default=1e-4)
    arguments = parser.parse_args()
    generator = torch.Generator().manual_seed(7)
    config = transformers.AutoConfig.from_pretrained(arguments.folder)
    ids = torch.randint(config.vocab_size, (LENGTH,), generator=generator).tolist()
    reference = reference_log_probs(arguments.folder, ids)
    theirs = llama_log_probs(arguments.logits, arguments.gguf, ids)
    ours = our_token_log_probs(arguments.aha, arguments.folder, ids)
    tokens = reference[:-1].gather(1, torch.tensor(ids[1:])[:, None])[:, 0]
    apart_llama = (theirs - reference).abs().max().item()
    apart_ours = (ours - tokens).abs().max().item()
    same_top = (theirs.argmax(-1) == reference.argmax(-1)).sum().item()
    print(
        f"{arguments.folder}: from transformers llama.cpp differs by {apart_llama:.1e}, ours by {apart_ours:.1e}; "
        f"likeliest tokens of llama.cpp equal: {same_top} of {LENGTH}"
    )
    sys.exit(0 if max(apart_llama, apart_ours) <= arguments.tolerance else 1)


if __name__ == "__main__":
    main()
