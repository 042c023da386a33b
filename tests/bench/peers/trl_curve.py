#!/usr/bin/env python3
"""Trains a model folder by TRL's GRPO on given prompts with the reward `exact`; writes a JSON line a step.

  trl_curve.py FOLDER --prompts FILE --settings FILE --seed 1 --output FILE --completions FILE
               [--steps N] [--micro-batch 64] [--threads 2]

PROMPTS has a line per prompt, {"prompt", "answer"}, in the order in which they are asked. SETTINGS is the grpo stage of
our recipe, resolved; its keys are TRL's. A row has {"step", "seconds", "reward", "mean_length"}: `seconds` is the wall
time from the first step's start to this step's end, so loading is not in it.
"""
import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import torch
import transformers
from datasets import Dataset
from exact_reward import exact_reward
from trl_trainer import TimedTrainer, load_model, make_config

SHARED_SETTINGS = (
    "num_generations max_completion_length temperature top_p top_k learning_rate lr_scheduler_type warmup_steps "
    "adam_beta1 adam_beta2 adam_epsilon weight_decay max_grad_norm beta epsilon epsilon_high loss_type scale_rewards "
    "num_iterations"
).split()


def read_lines(path):
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


class Record(transformers.TrainerCallback):
    """The reward of each step, and when it ended."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        self.rows, self.completions, self.begin = [], [], None

    def reward(self, completion_ids, answer, **columns):
        eos = self.tokenizer.eos_token_id
        texts = self.tokenizer.batch_decode([[i for i in ids if i != eos] for ids in completion_ids])
        rewards = [exact_reward(text, gold) for text, gold in zip(texts, answer)]
        count = len(rewards)
        lengths = sum(len(ids) for ids in completion_ids)
        self.rows.append({"step": len(self.rows) + 1, "reward": sum(rewards) / count, "mean_length": lengths / count})
        for text, gold, reward in zip(texts, answer, rewards):
            self.completions.append({"completion": text, "answer": gold, "reward": reward})
        return rewards

    def on_step_begin(self, args, state, control, **others):
        self.begin = self.begin or time.perf_counter()

    def on_step_end(self, args, state, control, **others):
        self.rows[-1]["seconds"] = time.perf_counter() - self.begin


def make_trainer(arguments, record):
    settings = json.loads(Path(arguments.settings).read_text(encoding="utf-8"))
    completions = settings["prompts_per_step"] * settings["num_generations"]
    micro_batch = min(arguments.micro_batch, completions)
    config = make_config(
        output_dir=tempfile.mkdtemp(),
        per_device_train_batch_size=micro_batch,
        gradient_accumulation_steps=completions // micro_batch,
        max_steps=arguments.steps or settings["max_steps"],
        seed=arguments.seed,
        **{key: settings[key] for key in SHARED_SETTINGS},
    )
    return TimedTrainer(
        model=load_model(arguments.folder),
        reward_funcs=record.reward,
        args=config,
        train_dataset=Dataset.from_list(read_lines(arguments.prompts)),
        processing_class=record.tokenizer,
        callbacks=[record],
    )


def write_lines(path, rows):
    Path(path).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    for name in ("--prompts", "--settings", "--output", "--completions"):
        parser.add_argument(name, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--micro-batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def main():
    arguments = read_arguments()
    torch.set_num_threads(arguments.threads)
    sys.stdout = sys.stderr  # TRL prints there too
    record = Record(transformers.AutoTokenizer.from_pretrained(arguments.folder))
    make_trainer(arguments, record).train()
    write_lines(arguments.output, record.rows)
    write_lines(arguments.completions, record.completions)


if __name__ == "__main__":
    main()
