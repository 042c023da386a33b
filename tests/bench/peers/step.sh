#!/usr/bin/env bash
# Our GRPO step against TRL's, and our training step against transformers', on the same weights, in one run; prints the
# seconds of each phase and the ratios.
#   step.sh [--models tiny,small,mid] [--new-tokens 64,256] [--what step,train] [--repeats 3] [--steps 3] [--warmup 1]
#           [--bf16] [--threads 2] [--micro-batch 16,64] [--patience 60] [--json FILE] [--ours="OPTIONS"]
# A step is everything between two steps of a run: 8 prompts x 8 completions are sampled, judged by a hash of their ids,
# and trained on; all completions have the full length, so that nobody pads. Loading is not counted. Peers run at their
# best settings (trl_trainer.py says which were tried): grouped_mm, sdpa, fused AdamW, jemalloc that keeps what is
# freed, and the fastest of one thread and all of them and of the sizes of --micro-batch; memory is compared with the
# leanest of those. Before each measurement it waits until the machine is quiet, at most --patience seconds.
# AHA is the program (build/release/aha), PEERS the folder for what this makes (build/peers).
set -euo pipefail

source "$(dirname "$0")/environment.sh"
exec "$python" "$here/step.py" "${common[@]}" "$@"
