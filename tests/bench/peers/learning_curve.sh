#!/usr/bin/env bash
# Our GRPO beside TRL's from one checkpoint: the reward of every step, and the wall time until it reaches 0.9.
#   learning_curve.sh [--seeds 1,2,3,4,5] [--steps 80] [--threshold 0.9] [--threads 2] [--micro-batch 64,256]
#                     [--patience 60] [--json FILE] [--chart FILE]
# learning_curve.yaml makes the base model once and is our side; TRL gets its exported weights and tokenizer, the
# prompts of our run in their order, its settings, and the reward exact_reward.py, which is checked on every completion of both
# sides against `aha`. The two sample with different random numbers: curves are compared over seeds, by a permutation
# test. Seconds are from the first step's start, without loading, on both sides. TRL runs with the better of one thread
# and all of them and of the sizes of --micro-batch. AHA is the program (build/release/aha), PEERS the folder for what
# this makes (build/peers): curves as JSON, a chart as SVG.
set -euo pipefail

source "$(dirname "$0")/environment.sh"
exec "$python" "$here/learning_curve.py" "${common[@]}" "$@"
