"""TRL's own loss code as the yardstick: GRPOTrainer._compute_loss and the lines that make its weights and advantages.

  trl_loss_check.py --aha build/release/aha --probe build/release/tests/loss_probe --scratch /tmp/s

Random steps in float64, every combination of the options both have: values, gradients and metrics. TRL computes its
importance weights and advantages inside of a long method; these lines are run as they stand, found by how they begin.
"""
import collections
import importlib.util
import inspect
import itertools
import json
import math
import pathlib
import subprocess
import sys
import textwrap
import types

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "smoke"))
from program import Program

if importlib.util.find_spec("trl") is None:
    print("skipped: trl is not installed (tests/requirements.txt)")
    sys.exit(77)

import torch
from trl.trainer.grpo_trainer import GRPOTrainer
from trl.trainer.utils import nanmax, nanmin, nanstd

TOLERANCE = 1e-9
FLOAT32_TOLERANCE = 1e-7  # of what TRL counts in float32
LENGTHS = [7, 1, 12, 5, 9, 3, 4, 6]
MAX_COMPLETION_LENGTH = 16
QUANTILE = 0.33  # between two tokens of every step: TRL's float32 would round one that it falls on to either side
SOURCE = inspect.getsource(GRPOTrainer._generate_and_score_completions).splitlines()


def own_lines(begin, end, **names):
    """Runs TRL's lines from the one that begins so up to the one that does, with these names, and returns all names."""
    first = next(i for i, line in enumerate(SOURCE) if line.strip().startswith(begin))
    last = next(i for i, line in enumerate(SOURCE) if i > first and line.strip().startswith(end))
    exec(textwrap.dedent("\n".join(SOURCE[first:last])), {"torch": torch, "math": math, "nanmax": nanmax,
                                                          "nanmin": nanmin, "nanstd": nanstd}, names)
    return names


class Accelerator:
    """One process."""

    num_processes, sync_gradients = 1, True

    def gather(self, x):
        return x

    def reduce(self, x, reduction):
        return x

    def pad_across_processes(self, x, **_):
        return x


def random_step(seed):
    """Padded [S, L]; some tokens in the middle do not count, and one sequence does not at all."""
    random = torch.Generator().manual_seed(seed)
    shape = (len(LENGTHS), max(LENGTHS))
    normal = lambda scale: scale * torch.randn(shape, generator=random)
    uniform = lambda: torch.rand(shape, generator=random)
    exists = torch.arange(shape[1]) < torch.tensor(LENGTHS).unsqueeze(1)
    counts = exists & (uniform() < 0.85)
    counts[5] = False
    old = -4 * uniform() - 0.05
    return {
        "exists": exists, "counts": counts.long(), "old": old, "policy": old + normal(0.4),
        "sampler": old + normal(0.25), "reference": old + normal(0.5),
        "advantages": torch.randn(len(LENGTHS), generator=random),
        # TRL takes the quantile of float32 entropies.
        "entropy": (3 * uniform()).float().double(),
    }


def packed(step):
    by_token = {name: step[name][step["exists"]].tolist()
                for name in ("counts", "policy", "old", "sampler", "reference", "entropy")}
    return {"lengths": LENGTHS, "advantages": step["advantages"].tolist(),
            "max_completion_length": MAX_COMPLETION_LENGTH, **by_token}


def loss_cases():
    levels, deltas = ("token", "sequence"), (None, 1.6)
    penalties = ({}, {"beta": 0.1}, {"beta": 0.1, "use_bias_correction_kl": True})
    modes = ("none", "token_truncate", "token_mask", "sequence_truncate", "sequence_mask")
    kinds = itertools.product(("grpo", "bnpo", "dr_grpo", "dapo", "cispo", "sapo"), levels, deltas, penalties, modes,
                              (0.0, 0.05), (1.0, QUANTILE), (None, 0.03))
    for i, (loss_type, level, delta, penalty, mode, entropy_coef, quantile, threshold) in enumerate(kinds):
        config = {"loss_type": loss_type, "importance_sampling_level": level, "importance_sampling_mode": mode,
                  "importance_sampling_clip_max": 1.4, "entropy_coef": entropy_coef, **penalty,
                  # TRL has no default of its own for cispo.
                  **({"epsilon_high": 1.3} if loss_type == "cispo" else {"epsilon_high": 0.28} if i % 2 else {})}
        optional = {"delta": delta, "off_policy_mask_threshold": threshold,
                    "importance_sampling_clip_min": 0.7 if i % 3 else None}
        config |= {key: value for key, value in optional.items() if value is not None}
        yield {"step": i % 5, "top_entropy_quantile": quantile, "config": config}


def trainer_of(case):
    """As much of a trainer as the loss looks at."""
    config = case["config"]
    trainer = object.__new__(GRPOTrainer)
    epsilon = config.get("epsilon", 0.2)
    trainer.__dict__.update(
        accelerator=Accelerator(), model=types.SimpleNamespace(training=True), aux_loss_enabled=False,
        loss_type=config["loss_type"], importance_sampling_level=config["importance_sampling_level"],
        epsilon_low=epsilon, epsilon_high=config.get("epsilon_high", epsilon), beta=config.get("beta", 0.0),
        top_entropy_quantile=case["top_entropy_quantile"], max_completion_length=MAX_COMPLETION_LENGTH,
        off_policy_mask_threshold=config.get("off_policy_mask_threshold"), entropy_coef=config["entropy_coef"],
        _entropy_bonus_enabled=config["entropy_coef"] != 0, use_adaptive_entropy=False,
        current_gradient_accumulation_steps=1, use_vllm=config["importance_sampling_mode"] != "none",
        vllm_importance_sampling_correction=True, vllm_importance_sampling_mode=config["importance_sampling_mode"],
        vllm_importance_sampling_clip_max=config["importance_sampling_clip_max"],
        vllm_importance_sampling_clip_min=config.get("importance_sampling_clip_min"),
        _metrics={"train": collections.defaultdict(list)},
        args=types.SimpleNamespace(delta=config.get("delta"), sapo_temperature_pos=1.0, sapo_temperature_neg=1.05,
                                   use_bias_correction_kl=config.get("use_bias_correction_kl", False),
                                   steps_per_generation=1))
    return trainer


def theirs(case, step):
    trainer = trainer_of(case)
    policy, entropy = step["policy"].clone().requires_grad_(), step["entropy"].clone().requires_grad_()
    trainer._get_per_token_logps_and_entropies = lambda *_, **__: (policy, entropy, None)
    mask = step["counts"]
    ids = torch.zeros_like(mask)
    inputs = {"prompt_ids": ids, "prompt_mask": ids, "completion_ids": ids, "completion_mask": step["exists"].long(),
              "tool_mask": mask, "advantages": step["advantages"], "num_items_in_batch": mask.sum(),
              "old_per_token_logps": step["old"], "ref_per_token_logps": step["reference"],
              "sampling_per_token_logps": step["sampler"]}
    if trainer.use_vllm:
        names = {"self": trainer, "old_per_token_logps": step["old"], "sampling_per_token_logps": step["sampler"],
                 "completion_mask": inputs["completion_mask"], "tool_mask": mask, "device": "cpu", "mode": "train"}
        made = own_lines("mask = completion_mask if tool_mask", "# Compute the per-token log probabilities for the ref",
                         **names)
        inputs["importance_sampling_ratio"] = made["vllm_importance_sampling_ratio"]
        own_lines("delta = torch.abs(old_per_token_logps", "output = {",
                  **(made | {"mask": mask.bool(), "advantages": None, "prompt_ids": None, "prompt_mask": None,
                             "completion_ids": None, "num_items_in_batch": None}))
    loss = GRPOTrainer._compute_loss(trainer, trainer.model, inputs)
    loss.backward()
    metrics = {name: values[-1] for name, values in trainer._metrics["train"].items()}
    return loss.item(), policy.grad[step["exists"]], entropy.grad, metrics


class Differences:
    """The largest of each kind."""

    def __init__(self):
        self.found = collections.Counter()

    def add(self, what, ours, other):
        ours, other = torch.as_tensor(ours, dtype=torch.float64), torch.as_tensor(other, dtype=torch.float64)
        difference = (ours - other).abs().max().item()
        self.found[what] = max(self.found[what], math.inf if math.isnan(difference) else difference)


def compare_losses(steps, cases, results, differences):
    for case, ours in zip(cases, results, strict=True):
        step, config = steps[case["step"]], case["config"]
        total, gradient, entropy_gradient, metrics = theirs(case, step)
        tokens = ours["num_tokens"]
        differences.add("loss", ours["total"], total)
        differences.add("gradient", ours["policy_gradient"], gradient)
        if config["entropy_coef"]:
            differences.add("entropy gradient", ours["entropy_gradient"], entropy_gradient[step["exists"]])
        if "kl" in metrics:
            differences.add("kl", ours["kl_sum"] / tokens, metrics["kl"])
        if config["importance_sampling_level"] == "token":  # else TRL counts sequences, and we their tokens
            for name, key in [("clip_low_sum", "clip_ratio/low_mean"), ("clip_high_sum", "clip_ratio/high_mean"),
                              ("cispo_clip_sum", "cispo_clip_ratio")]:
                differences.add("clip ratios", ours[name] / tokens, metrics.get(key, 0.0))
        if config["importance_sampling_mode"] != "none":
            difference = "sampling/sampling_logp_difference/"
            differences.add("sampler difference", ours["logp_difference_sum"] / tokens, metrics[difference + "mean"])
            differences.add("sampler difference", ours["logp_difference_max"], metrics[difference + "max"])
        if config["importance_sampling_mode"].startswith("token"):  # likewise
            ratio = "sampling/importance_sampling_ratio/"
            differences.add("correction", ours["correction_sum"] / tokens, metrics[ratio + "mean"])
            differences.add("correction", ours["correction_min"], metrics[ratio + "min"])
            differences.add("correction", ours["correction_max"], metrics[ratio + "max"])


def advantage_cases():
    random = torch.Generator().manual_seed(11)
    for missing in (0.0, 0.3):
        values = torch.randn((24, 3), generator=random)
        values[4:8] = 0.5  # a group of equal rewards
        values[torch.rand(values.shape, generator=random) < missing] = math.nan
        if missing:
            values[9] = values[12:15] = math.nan  # not judged at all; a group with one that is
        rows = [[None if math.isnan(x) else x for x in row] for row in values.tolist()]
        options = [{"scale_rewards": name} for name in ("group", "batch", "none")]
        for config in [*options, {"multi_objective_aggregation": "normalize_then_sum"}]:
            yield {"values": rows, "weights": [1.0, 0.5, 2.0], "num_generations": 4, "config": config}


def their_advantages(case):
    config = case["config"]
    values = torch.tensor([[math.nan if x is None else x for x in row] for row in case["values"]])
    trainer = types.SimpleNamespace(
        scale_rewards=config.get("scale_rewards", "group"), reward_weights=torch.tensor(case["weights"]),
        multi_objective_aggregation=config.get("multi_objective_aggregation", "sum_then_normalize"),
        reward_funcs=[None] * values.size(1))
    return own_lines("unscorable_mask = torch.isnan(", "# Slice to keep only the local part", self=trainer,
                     rewards_per_func=values, num_generations=case["num_generations"], device="cpu")["advantages"]


def main():
    aha = Program()
    probe = aha.rest[aha.rest.index("--probe") + 1]
    torch.set_default_dtype(torch.float64)
    steps = [random_step(seed) for seed in range(5)]
    cases = {"steps": [packed(step) for step in steps], "losses": list(loss_cases()),
             "advantages": list(advantage_cases())}
    for step in steps:
        rank = QUANTILE * (int(step["counts"].sum()) - 1)
        aha.expect(abs(rank - round(rank)) > 1e-3, f"the quantile {QUANTILE} falls on a token; take another")
    source, target = aha.scratch / "cases.json", aha.scratch / "results.json"
    source.write_text(json.dumps(cases))
    subprocess.run([probe, source, target], check=True)
    results = json.loads(target.read_text())

    differences = Differences()
    compare_losses(steps, cases["losses"], results["losses"], differences)
    for case, ours in zip(cases["advantages"], results["advantages"], strict=True):
        differences.add("advantages", ours, their_advantages(case))
    found = ", ".join(f"{what} {value:.2g}" for what, value in differences.found.items())
    print(f"{len(cases['losses'])} losses, {len(cases['advantages'])} sets of advantages; largest differences: {found}")
    for what, value in differences.found.items():
        tolerance = FLOAT32_TOLERANCE if what == "clip ratios" else TOLERANCE
        aha.expect(value <= tolerance, f"{what}: {value:.3g}, more than {tolerance:g}")


main()
