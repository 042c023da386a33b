#!/usr/bin/env python3
"""Times transformers' generate on a model folder; one JSON line a batch size.

  transformers_rollout.py FOLDER [--batch 1,8,64 | --follow] [--dtype float32|bfloat16] [--prompt-tokens 16]
                          [--new-tokens 256] [--threads 2] [--experts grouped_mm] [--cache dynamic] [--greedy]

With --follow it says that it has loaded, then reads a batch size a line from stdin, so that a driver can take turns
with other programs. Sampling is plain, at temperature 1 without filters, and no token ends a completion. Tokens a
second are new tokens over the wall time of generate, prompt included. A few tokens warm up each batch size.
"""
import argparse
import json
import sys
import time

import torch
import transformers

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()


def load_model(arguments):
    model = transformers.DeepseekV3ForCausalLM.from_pretrained(
        arguments.folder,
        dtype=getattr(torch, arguments.dtype),
        attn_implementation="sdpa",
        experts_implementation=arguments.experts,
    )
    # The folder's own defaults would end completions and filter tokens.
    model.generation_config = transformers.GenerationConfig(
        do_sample=not arguments.greedy,
        top_k=0 if not arguments.greedy else None,
        pad_token_id=0,
        max_new_tokens=arguments.new_tokens,
        cache_implementation="static" if arguments.cache == "static" else None,
    )
    return model.eval()


def generate_seconds(model, batch, arguments, **options):
    prompt = torch.randint(model.config.vocab_size, (batch, arguments.prompt_tokens))
    begin = time.perf_counter()
    ids = model.generate(prompt, attention_mask=torch.ones_like(prompt), **options)
    seconds = time.perf_counter() - begin
    if not options and ids.shape[1] != arguments.prompt_tokens + arguments.new_tokens:
        sys.exit(f"transformers made {ids.shape[1] - arguments.prompt_tokens} new tokens of {arguments.new_tokens}")
    return seconds


def time_batch(model, batch, arguments, warm):
    if batch not in warm:
        generate_seconds(model, batch, arguments, max_new_tokens=8)
        warm.add(batch)
    seconds = generate_seconds(model, batch, arguments)
    tokens = batch * arguments.new_tokens
    print(json.dumps({"batch": batch, "tokens_per_second": tokens / seconds, "seconds": seconds}), flush=True)


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--batch", default="1,8,64")
    parser.add_argument("--follow", action="store_true")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--prompt-tokens", type=int, default=16)
    parser.add_argument("--new-tokens", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--experts", choices=("grouped_mm", "batched_mm", "eager"), default="grouped_mm")
    parser.add_argument("--cache", choices=("dynamic", "static"), default="dynamic")
    parser.add_argument("--greedy", action="store_true")
    return parser.parse_args()


def main():
    arguments = read_arguments()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    batches = sys.stdin if arguments.follow else arguments.batch.split(",")
    warm = set()
    with torch.inference_mode():
        model = load_model(arguments)
        if arguments.follow:
            print(json.dumps({"loaded": arguments.folder}), flush=True)
        for batch in batches:
            time_batch(model, int(batch), arguments, warm)


if __name__ == "__main__":
    main()
