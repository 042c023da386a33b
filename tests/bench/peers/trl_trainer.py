"""A GRPO trainer of TRL's that runs on the CPU at its best settings and can be watched, for the scripts beside it.

What is best was tried with DeepSeek-V3 models: grouped_mm for the experts (eager loses a tenth; batched_mm copies each
token's experts: 15 times slower), sdpa (eager loses a fifth), fused AdamW, jemalloc that keeps what is freed (that
gives it back: 1.4 times slower). Generation is transformers' `generate` with its dynamic cache: continuous batching, TRL's
other way on a CPU, fails where keys are wider than values, as here.
"""
import contextlib
import time
import warnings
from collections import Counter

import torch
import transformers
import trl

warnings.simplefilter("ignore", FutureWarning)
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()


def load_model(folder):
    model = transformers.DeepseekV3ForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="sdpa", experts_implementation="grouped_mm"
    )
    # The folder's own defaults would filter tokens, or end completions where the tokenizer does not.
    model.generation_config = transformers.GenerationConfig()
    model.config.eos_token_id = None
    return model


def make_config(**options):
    """TRL's settings for both benchmarks: what is timed is the step, without logs, checkpoints and progress bars."""
    defaults = dict(
        use_cpu=True,
        bf16=False,
        optim="adamw_torch_fused",
        gradient_checkpointing=False,
        learning_rate=1e-6,
        lr_scheduler_type="constant",
        adam_beta2=0.95,
        max_grad_norm=1.0,
        beta=0.0,
        loss_type="dapo",
        shuffle_dataset=False,
        report_to="none",
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
    )
    return trl.GRPOConfig(**(defaults | options))


class TimedTrainer(trl.GRPOTrainer):
    """Sums the seconds of each phase of a step in `seconds`, under the names of `aha bench step`."""

    def __init__(self, **arguments):
        self.seconds = Counter()
        super().__init__(**arguments)
        self.accelerator.backward = self.timed("backward", self.accelerator.backward)
        self.accelerator.clip_grad_norm_ = self.timed("optimizer", self.accelerator.clip_grad_norm_)

    @contextlib.contextmanager
    def phase(self, name):
        begin = time.perf_counter()
        yield
        self.seconds[name] += time.perf_counter() - begin

    def timed(self, name, function):
        def call(*words, **options):
            with self.phase(name):
                return function(*words, **options)

        return call

    def create_optimizer(self, *words, **options):
        optimizer = super().create_optimizer(*words, **options)
        optimizer.step = self.timed("optimizer", optimizer.step)
        return optimizer

    def _generate(self, *words, **options):
        with self.phase("generate"):
            return super()._generate(*words, **options)

    def _calculate_rewards(self, *words, **options):
        with self.phase("reward"):
            return super()._calculate_rewards(*words, **options)

    def compute_loss(self, *words, **options):
        with self.phase("forward"):
            return super().compute_loss(*words, **options)
