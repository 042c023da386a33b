#!/usr/bin/env python3
"""Times TRL's GRPO step on a model folder, phase by phase; one JSON line.

  trl_step.py FOLDER [--steps 5 | --follow] [--warmup 1] [--prompts 8] [--num-generations 8] [--prompt-tokens 16]
              [--new-tokens 64] [--micro-batch 64] [--bf16] [--threads 2]

With --follow it says that it has loaded, then reads a number of steps a line from stdin and answers with their medians,
so that a driver can take turns with other programs; the first ones warm up. Prompts are random ids, no token ends a
completion, and the reward is a hash of its ids, so that all completions of a group teach, as in `aha bench step`.
"""
import argparse
import contextlib
import json
import resource
import statistics
import sys
import tempfile
import time
import zlib

import torch
import transformers
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from trl_trainer import TimedTrainer, load_model, make_config

PHASES = ("generate", "reward", "logprobs", "forward", "backward", "optimizer")


def number_tokenizer(vocab_size):
    """Token 12 reads "12". What ends a completion lies outside the model's vocabulary: it is never drawn."""
    words = {str(i): i for i in range(vocab_size)} | {"<eos>": vocab_size}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="0"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<eos>", pad_token="0")


def random_prompts(count, arguments, vocab_size):
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(vocab_size, (count, arguments.prompt_tokens), generator=generator).tolist()
    return Dataset.from_list([{"prompt": " ".join(map(str, row))} for row in ids])


def hash_reward(completion_ids, **columns):
    return [zlib.crc32(json.dumps(ids).encode()) / 2**32 for ids in completion_ids]


class TurnTaker(transformers.TrainerCallback):
    """Lets the trainer take the steps that are asked for, then waits for the next line."""

    def __init__(self, requests, warmup, output):
        self.requests, self.output = requests, output
        self.to_warm_up = warmup
        self.left = 0
        self.rows = []
        self.trainer = None

    def on_step_begin(self, args, state, control, **others):
        if not self.rows and self.left == 0:
            line = next(self.requests, "")
            if not line.strip():
                self.trainer.seconds.clear()
                sys.exit(0)
            self.left = int(line)
        self.trainer.seconds.clear()
        self.begin = time.perf_counter()

    def on_step_end(self, args, state, control, **others):
        total = time.perf_counter() - self.begin
        if self.to_warm_up > 0:
            self.to_warm_up -= 1
            return
        row = {phase: self.trainer.seconds[phase] for phase in PHASES}
        self.rows.append(row | {"other": total - sum(row.values()), "total": total})
        self.left -= 1
        if self.left == 0:
            self.answer()

    def answer(self):
        medians = {key: statistics.median(row[key] for row in self.rows) for key in self.rows[0]}
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        seconds = medians.pop("total")
        row = {"seconds_per_step": seconds, "phases": medians, "peak_rss_bytes": peak}
        print(json.dumps(row), file=self.output, flush=True)
        self.rows = []


def make_trainer(arguments, turns):
    model = load_model(arguments.folder)
    completions = arguments.prompts * arguments.num_generations
    micro_batch = min(arguments.micro_batch, completions)
    config = make_config(
        output_dir=tempfile.mkdtemp(),
        per_device_train_batch_size=micro_batch,
        gradient_accumulation_steps=completions // micro_batch,
        num_generations=arguments.num_generations,
        max_completion_length=arguments.new_tokens,
        max_steps=1_000_000,
        bf16=arguments.bf16,
    )
    return TimedTrainer(
        model=model,
        reward_funcs=hash_reward,
        args=config,
        train_dataset=random_prompts(1024 * arguments.prompts, arguments, model.config.vocab_size),
        processing_class=number_tokenizer(model.config.vocab_size),
        callbacks=[turns],
    )


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--follow", action="store_true")
    parser.add_argument("--warmup", type=int, default=1)
    parser.add_argument("--prompts", type=int, default=8)
    parser.add_argument("--num-generations", type=int, default=8)
    parser.add_argument("--prompt-tokens", type=int, default=16)
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--micro-batch", type=int, default=64)
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def main():
    arguments = read_arguments()
    torch.set_num_threads(arguments.threads)
    output = sys.stdout
    requests = sys.stdin if arguments.follow else iter([str(arguments.steps)])
    turns = TurnTaker(requests, arguments.warmup, output)
    with contextlib.redirect_stdout(sys.stderr):  # TRL prints there too
        turns.trainer = make_trainer(arguments, turns)
        if arguments.follow:
            print(json.dumps({"loaded": arguments.folder}), file=output, flush=True)
        turns.trainer.train()


if __name__ == "__main__":
    main()
