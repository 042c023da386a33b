#!/usr/bin/env bash
# Our sampler against transformers and llama.cpp on the same weights, in one run; prints tokens/s and the ratios.
#   rollout.sh [--models tiny,small,mid] [--dtypes float32,bfloat16] [--batch 1,8,64] [--repeats 2] [--threads 2]
#              [--prompt-tokens 16] [--new-tokens 256] [--patience 60] [--json FILE]
# Tokens/s are the tokens generated over the wall time of generating them, the prompt's computation included, for all
# three: `aha bench rollout`, `generate`, and the batched bench's whole time (its own S_TG leaves the prompt out, and it
# samples nothing: it is fed random tokens). Loading is not counted. Peers run at their best settings: grouped experts,
# jemalloc and sdpa; flash attention on, a cache of half floats and the better of one thread and all of them for
# llama.cpp. Before each measurement it waits until the machine is quiet, at most --patience seconds.
# AHA is the program (build/release/aha), PEERS the folder for what this makes (build/peers, 900 MB).
set -euo pipefail

source "$(dirname "$0")/environment.sh"
[ -x "$peers/bin/llama-batched-bench" ] && [ -x "$peers/bin/llama_logits" ] || "$here/build_llama_cpp.sh" "$peers"
exec "$python" "$here/rollout.py" "${common[@]}" "$@"
