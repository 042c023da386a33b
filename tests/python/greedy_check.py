"""transformers as the yardstick of sampling: greedy completions of 200 prompts x 64 tokens, and decoding against scoring.

  greedy_check.py --aha build/release/aha --scratch /tmp/s

The model is configs/models/tiny.json with random weights. Completions must be transformers' to the token. The
log-probability that `generate` reports of each token, worked out step by step over the cache, must be what `score`
works out of the whole text by the training forward: within 1e-5 in float32; in bfloat16, where decoding rounds
activations and scoring does not, no further off than transformers in bfloat16, and within 2e-2 in the mean on a dense model (a mixture of experts may
take another expert by rounding, and with random weights that is another text).
"""
import json
import pathlib
import random
import sys

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / folder) for folder in ("smoke", "bench/peers")]
from program import Program, read_lines

try:
    import torch
    import transformers

    from make_model import make_model
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

NUM_PROMPTS, PROMPT_TOKENS, NEW_TOKENS = 200, 16, 64
FLOAT32, BFLOAT16 = 1e-5, 2e-2


def write_rows(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def save_model(folder, **changes):
    values = json.loads(pathlib.Path("configs/models/tiny.json").read_text(encoding="utf-8"))
    model = make_model(transformers.DeepseekV3Config(**{**values, **changes}), seed=1)
    model.save_pretrained(folder)
    model.generation_config.eos_token_id = None
    return model.eval()


def their_completions(model, prompts):
    ids = torch.tensor(prompts)
    with torch.inference_mode():
        texts = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=NEW_TOKENS)
    return texts[:, PROMPT_TOKENS:].tolist()


def our_completions(aha, folder, prompts, dtype):
    name = f"{folder.name}-{dtype}"
    rows = write_rows(aha.scratch / f"{name}-prompts.jsonl", [{"input_ids": prompt} for prompt in prompts])
    output = aha.scratch / f"{name}-completions.jsonl"
    aha.run("generate", folder, "--input", rows, "--output", output, "--temperature", "0", "--ignore-eos",
            "--max-completion-length", NEW_TOKENS, "--dtype", dtype)
    return [row["completions"][0] for row in read_lines(output)]


def scores(aha, folder, prompts, completions, dtype):
    """Log-probabilities of the completions' tokens by the training forward."""
    texts = [{"input_ids": prompt + completion["token_ids"]} for prompt, completion in zip(prompts, completions)]
    rows = write_rows(aha.scratch / f"{folder.name}-{dtype}-texts.jsonl", texts)
    output = aha.scratch / f"{folder.name}-{dtype}-scores.jsonl"
    aha.run("score", folder, "--input", rows, "--output", output, "--dtype", dtype)
    return [row["logprobs"][PROMPT_TOKENS - 1:] for row in read_lines(output)]


def differences(scored, completions):
    """Of decoding from scoring, per token."""
    decoded = [completion["logprobs"] for completion in completions]
    return (torch.tensor(decoded, dtype=torch.float64) - torch.tensor(scored, dtype=torch.float64)).abs()


def check_float32(aha, folder, model, prompts):
    completions = our_completions(aha, folder, prompts, "float32")
    theirs = their_completions(model, prompts)
    equal = [ours["token_ids"] == text for ours, text in zip(completions, theirs, strict=True)]
    aha.expect(all(equal), f"{equal.count(False)} of {NUM_PROMPTS} greedy completions are not transformers': prompts "
                           f"{[i for i, same in enumerate(equal) if not same]}")
    worst = differences(scores(aha, folder, prompts, completions, "float32"), completions).max().item()
    aha.expect(worst <= FLOAT32, f"float32: decoding differs from scoring by {worst:.3g}, more than {FLOAT32:g}")
    print(f"float32: {NUM_PROMPTS} x {NEW_TOKENS} tokens as transformers'; decoding - scoring at most {worst:.2g}")


def their_differences(model, prompts, completions, scored):
    """Of transformers in bfloat16 from the same scores: what rounding costs there."""
    texts = torch.tensor([prompt + completion["token_ids"] for prompt, completion in zip(prompts, completions)])
    with torch.inference_mode():
        logprobs = model.bfloat16()(texts).logits[:, :-1].double().log_softmax(-1)
    logprobs = logprobs.gather(2, texts[:, 1:, None])[:, PROMPT_TOKENS - 1:, 0]
    return (logprobs - torch.tensor(scored, dtype=torch.float64)).abs()


def check_bfloat16(aha, folder, model, prompts, bound):
    """Decoding rounds activations, scoring does not: the difference is to be no larger than transformers'."""
    completions = our_completions(aha, folder, prompts, "bfloat16")
    scored = scores(aha, folder, prompts, completions, "bfloat16")
    ours = differences(scored, completions)
    theirs = their_differences(model, prompts, completions, scored)
    for name, difference in (("decoding", ours), ("transformers", theirs)):
        above = (difference > BFLOAT16).double().mean().item()
        print(f"bfloat16, {folder.name}: {name} - scoring: mean {difference.mean():.2g}, at most {difference.max():.2g}, "
              f"{above:.2%} of tokens above {BFLOAT16:g}")
    aha.expect(ours.mean() <= min(bound, theirs.mean()),
               f"bfloat16, {folder.name}: decoding differs by {ours.mean():.3g} in the mean, transformers by "
               f"{theirs.mean():.3g}")


def main():
    aha = Program()
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(2)
    moe, dense = aha.scratch / "moe", aha.scratch / "dense"
    model = save_model(moe)
    dense_model = save_model(dense, first_k_dense_replace=4)
    draw = random.Random(1)
    vocabulary = [token for token in range(model.config.vocab_size) if token not in (256, 257, 258)]
    prompts = [draw.choices(vocabulary, k=PROMPT_TOKENS) for _ in range(NUM_PROMPTS)]
    check_float32(aha, moe, model, prompts)
    check_bfloat16(aha, dense, dense_model, prompts, BFLOAT16)
    check_bfloat16(aha, moe, model, prompts, float("inf"))
    print(f"{aha.checks} checks hold")


main()
