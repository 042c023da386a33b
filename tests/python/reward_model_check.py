"""transformers and TRL as the yardsticks of reward models and preference training.

  reward_model_check.py --aha build/release/aha --probe build/release/tests/model_probe --scratch /tmp/s

Folders: transformers loads what we save and gives the same rewards, and we load what it saves, for every family.
Losses: TRL's RewardTrainer and DPOTrainer, given the rows and the weights of our stages, tell the same loss, gradient
norm and metrics, on strings and on chats; a pointwise stage tells transformers' binary cross-entropy. All within 1e-5.
The recipe configs/preference.yaml learns, and its policy says what its reward model rewards.
"""
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "smoke"))
from program import Program, read_lines

try:
    import datasets
    import torch
    import transformers
    import trl
    from safetensors.torch import load_file

    import family_models as families
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

TOLERANCE = 1e-5
RUDE_WORDS = ("shut up", "fool", "stupid", "lazy")  # of configs/data/safety_labels.jsonl
PAD = 2
ONE_OF_A_KIND = ("v3_query_latents_groups_yarn", "v2_greedy_yarn", "qwen2_tied", "qwen3_biases_yarn",
                 "qwen3_moe_normed_gates", "llama_scaled_rope_tied")


# ---- folders ----------------------------------------------------------------------------------------------------

def probe(aha, *arguments):
    command = [aha.rest[aha.rest.index("--probe") + 1], *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True)
    aha.expect(result.returncode == 0, f"{' '.join(command)}: {result.stderr}")


def their_rewards(model, lines):
    """As a batch, padded on the right."""
    width = max(map(len, lines))
    ids = torch.tensor([line + [PAD] * (width - len(line)) for line in lines])
    mask = torch.tensor([[1] * len(line) + [0] * (width - len(line)) for line in lines])
    with torch.inference_mode():
        return model(input_ids=ids, attention_mask=mask).logits.squeeze(-1)


def largest_difference(a, b):
    return (a - b).abs().max().item()


def check_folders(aha, family):
    kind = family.model_class.replace("ForCausalLM", "ForSequenceClassification")
    family = families.Family(family.name, kind, family.config | {"num_labels": 1, "pad_token_id": PAD})
    family.config_class = kind.replace("ForSequenceClassification", "Config")
    model = families.make_model(family)
    theirs, ours = aha.scratch / family.name, aha.scratch / f"{family.name}-ours"
    families.save_model(model, family, theirs)
    lines = families.random_lines() + [[5, 6, PAD]]  # the last one is judged before its padding
    ids = families.write_ids(theirs / "ids.jsonl", lines)
    expected = their_rewards(model, lines)
    probe(aha, theirs, "--input", ids, "--rewards", theirs / "rewards.out", "--resave", ours)
    found = largest_difference(load_file(theirs / "rewards.out")["rewards"], expected)
    aha.expect(found <= TOLERANCE, f"{family.name}: rewards differ by {found:.3g}")

    loaded, report = transformers.AutoModelForSequenceClassification.from_pretrained(
        ours, attn_implementation="eager", output_loading_info=True)
    aha.expect(not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys")),
               f"{family.name}: transformers finds {report}")
    aha.expect(type(loaded).__name__ == kind and loaded.config.num_labels == 1, f"{family.name}: is {type(loaded)}")
    found_again = largest_difference(their_rewards(loaded.eval(), lines), expected)
    aha.expect(found_again <= TOLERANCE, f"{family.name}: rewards of our folder differ by {found_again:.3g}")
    print(f"{family.name}: rewards up to {expected.abs().max():.2f}; largest difference {found:.1e}, {found_again:.1e}")


# ---- losses -----------------------------------------------------------------------------------------------------

def text_rows():
    return [{"prompt": f"say {i}", "chosen": "yes" + "!" * (i % 4), "rejected": "no" * (1 + i % 3),
             "margin": 0.25 * (i % 3)} for i in range(12)]


def chat_rows():
    def message(role, content):
        return {"role": role, "content": content}
    return [{"prompt": [message("user", f"{i}?"), message("assistant", "What?"), message("user", row["prompt"])],
             "chosen": [message("assistant", row["chosen"])], "rejected": [message("assistant", row["rejected"])],
             "margin": row["margin"]} for i, row in enumerate(text_rows())]


def label_rows():
    return [{"prompt": row["prompt"], "completion": row["chosen" if i % 2 else "rejected"], "label": bool(i % 2)}
            for i, row in enumerate(text_rows())]


def as_trl_reads(rows):
    """Our template `plain` ends a prompt by a newline."""
    return [row | ({"prompt": row["prompt"] + "\n"} if isinstance(row["prompt"], str) else {}) for row in rows]


def run_stages(aha, rows_of):
    """A base; a policy that DPO has led away from it; then a step over all rows that changes nothing, by each loss."""
    shape = json.loads(pathlib.Path("tests/smoke/tiny_model.json").read_text()) | {"initializer_range": 0.08}
    (aha.scratch / "model.json").write_text(json.dumps(shape))
    files = {name: str(aha.write_lines(f"{name}.jsonl", rows)) for name, rows in rows_of.items()}
    still = {"holdout": 0, "batch_size": 12, "learning_rate": 1e-12, "tokens_per_micro_batch": 64}

    def stage(name, kind, rows, **keys):
        return {"name": name, "kind": kind, "init_from": "base", "data": [{"path": files[rows]}], **still, **keys}

    held = {"init_from": "policy", "reference": "base"}
    recipe = {"name": "losses", "output_dir": str(aha.scratch), "threads": 2, "tokenizer": {"kind": "byte"}, "stages": [
        {"name": "base", "kind": "pretrain", "model": {"config": str(aha.scratch / "model.json")},
         "data": [{"generator": "corpus"}], "tokens_per_step": 256, "max_tokens": 1024},
        stage("policy", "dpo", "texts", learning_rate=3e-3, epochs=3),
        stage("judge_texts", "reward_model", "texts", center_rewards_coefficient=0.01),
        stage("judge_chats", "reward_model", "chats"),
        stage("judge_labels", "reward_model", "labels", loss="pointwise"),
        stage("dpo_texts", "dpo", "texts", beta=0.3, label_smoothing=0.1, **held),
        stage("dpo_chats", "dpo", "chats", **held)]}
    path = aha.scratch / "recipe.json"
    path.write_text(json.dumps(recipe))
    aha.run("run", path)
    return {folder.name[3:]: folder for folder in (aha.scratch / "losses").iterdir() if folder.is_dir()}


def trl_settings(aha, **further):
    return {"output_dir": str(aha.scratch / "trl"), "per_device_train_batch_size": 12, "max_steps": 1,
            "learning_rate": 1e-12, "use_cpu": True, "bf16": False, "report_to": [], "logging_steps": 1,
            "save_strategy": "no", "disable_tqdm": True, **further}


def compare(aha, stage, trainer, names):
    """The first step's metrics, which are those of the weights that stand in the stage's folder."""
    trainer.remove_callback(transformers.PrinterCallback)
    trainer.train()
    theirs, ours = trainer.state.log_history[0], read_lines(stage / "metrics.jsonl")[0]
    differences = {name: abs(theirs[name] - ours[name]) / max(1, abs(theirs[name])) for name in names}
    print(f"{stage.name}: loss {ours['loss']:.6f}; largest difference to TRL {max(differences.values()):.1e}")
    for name, difference in differences.items():
        aha.expect(difference <= TOLERANCE, f"{stage.name}: {name} is {ours[name]}, TRL says {theirs[name]}")


def causal_model(folder):
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


def judge(folder):
    return transformers.AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32)


def check_losses(aha):
    rows_of = {"texts": text_rows(), "chats": chat_rows(), "labels": label_rows()}
    stages = run_stages(aha, rows_of)
    tokenizer = transformers.AutoTokenizer.from_pretrained(stages["base"] / "model")
    reward_names = ("loss", "grad_norm", "accuracy", "margin", "min_reward", "mean_reward", "max_reward", "num_tokens")
    dpo_names = ("loss", "grad_norm", "rewards/chosen", "rewards/rejected", "rewards/accuracies", "rewards/margins",
                 "logps/chosen", "logps/rejected", "entropy", "num_tokens")

    def data(rows):
        return {"train_dataset": datasets.Dataset.from_list(as_trl_reads(rows_of[rows])), "processing_class": tokenizer}

    variants = {"texts": {"center_rewards_coefficient": 0.01}, "chats": {}}
    for rows, keys in variants.items():
        stage = stages[f"judge_{rows}"]
        compare(aha, stage, trl.RewardTrainer(
            judge(stage / "model"), trl.RewardConfig(**trl_settings(aha, **keys)), **data(rows)), reward_names)
    variants = {"texts": {"loss_type": ["robust"], "label_smoothing": 0.1, "beta": 0.3}, "chats": {}}
    for rows, keys in variants.items():
        compare(aha, stages[f"dpo_{rows}"], trl.DPOTrainer(
            causal_model(stages["policy"] / "model"), ref_model=causal_model(stages["base"] / "model"),
            args=trl.DPOConfig(**trl_settings(aha, **keys)), **data(rows)), dpo_names)
    check_pointwise(aha, stages["judge_labels"], tokenizer, rows_of["labels"])


def check_pointwise(aha, stage, tokenizer, rows):
    model = judge(stage / "model").eval()
    texts = [row["prompt"] + "\n" + row["completion"] + tokenizer.eos_token for row in rows]
    with torch.inference_mode():
        rewards = torch.cat([model(**tokenizer(text, return_tensors="pt")).logits[0] for text in texts])
    labels = torch.tensor([float(row["label"]) for row in rows])
    theirs = torch.nn.functional.binary_cross_entropy_with_logits(rewards, labels).item()
    ours = read_lines(stage / "metrics.jsonl")[0]["loss"]
    aha.expect(abs(theirs - ours) <= TOLERANCE, f"pointwise loss is {ours}, transformers' rewards give {theirs}")


def check_refusals(aha, folder):
    prompts = aha.write_lines("prompts.jsonl", [{"prompt": "hi"}])
    texts = aha.write_lines("texts.jsonl", [{"text": "hi there"}])
    for verb, lines in (("generate", prompts), ("score", texts)):
        aha.refuses(verb, folder, "--input", lines, "--output", aha.scratch / "out.jsonl",
                    mentions=["is a reward model", "name a language model"])


def check_example(aha):
    """The recipe of the manual learns what its rows say."""
    aha.run("run", "configs/preference.yaml", "--set", f"output_dir={aha.scratch}")
    results = {stage: json.loads((aha.scratch / "preference" / stage / "result.json").read_text())
               for stage in ("02-helpful_rm", "03-safety_rm", "04-helpful")}
    found = {stage: result.get("eval_accuracy", result.get("eval_rewards/accuracies"))
             for stage, result in results.items()}
    print(f"configs/preference.yaml: held-out accuracies {found}, "
          f"{sum(result['seconds'] for result in results.values()):.0f} s")
    for stage, accuracy in found.items():
        aha.expect(accuracy >= 0.75, f"{stage}: held-out accuracy {accuracy}")
    check_rewarded(aha, aha.scratch / "preference/06-polite")


def check_rewarded(aha, stage):
    """What the reward model asks for becomes frequent, by its own word and by words that can be counted."""
    held_out = [row["eval_safe"] for row in read_lines(stage / "metrics.jsonl") if "eval_safe" in row]
    completions = read_lines(stage / "completions.jsonl")

    def rude(steps):
        texts = [row["completion"] for row in completions if row["step"] in steps]
        return sum(any(word in text for word in RUDE_WORDS) for text in texts) / len(texts)

    first, last = rude(range(1, 6)), rude(range(26, 31))
    print(f"polite: held-out reward {held_out[0]:.2f} to {held_out[-1]:.2f}, rude answers {first:.1%} to {last:.1%}")
    aha.expect(held_out[-1] - held_out[0] > 1, f"polite: held-out reward {held_out}")
    aha.expect(first > 0.1 > last, f"polite: rude answers {first} at first, {last} at last")


def main():
    aha = Program()
    for family in families.FAMILIES:
        if family.name in ONE_OF_A_KIND:
            check_folders(aha, family)
    check_losses(aha)
    check_refusals(aha, aha.scratch / "losses/03-judge_texts/model")
    check_example(aha)
    print(f"{aha.checks} checks passed")


if __name__ == "__main__":
    main()
