#!/usr/bin/env python3
"""Times transformers' training step on a model folder: forward, backward, clipping and fused AdamW; one JSON line.

  transformers_train.py FOLDER [--steps 5 | --follow] [--batch 8] [--length 256] [--micro-batch 8] [--bf16]
                        [--threads 2]

With --follow it says that it has loaded, then reads a number of steps a line from stdin and answers with their median.
Two steps warm up. The loss is the model's own next-token loss, on random ids, as in `aha bench train`.
"""
import argparse
import json
import resource
import statistics
import sys
import time

import torch
from trl_trainer import load_model


class Trainer:
    def __init__(self, arguments):
        self.arguments = arguments
        self.model = load_model(arguments.folder).train()
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=1e-4, betas=(0.9, 0.95), weight_decay=0.0, fused=True
        )

    def step(self):
        ids = torch.randint(self.model.config.vocab_size, (self.arguments.batch, self.arguments.length))
        begin = time.perf_counter()
        for part in ids.split(self.arguments.micro_batch):
            with torch.autocast("cpu", torch.bfloat16, enabled=self.arguments.bf16):
                loss = self.model(input_ids=part, labels=part, use_cache=False).loss
            (loss * len(part) / len(ids)).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return time.perf_counter() - begin

    def measure(self, steps):
        seconds = statistics.median(self.step() for _ in range(steps))
        return {
            "seconds_per_step": seconds,
            "tokens_per_second": self.arguments.batch * self.arguments.length / seconds,
            "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--follow", action="store_true")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--micro-batch", type=int, default=8)
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def main():
    arguments = read_arguments()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    trainer = Trainer(arguments)
    trainer.measure(2)
    if not arguments.follow:
        return print(json.dumps(trainer.measure(arguments.steps)))
    print(json.dumps({"loaded": arguments.folder}), flush=True)
    for line in sys.stdin:
        print(json.dumps(trainer.measure(int(line))), flush=True)


if __name__ == "__main__":
    main()
