"""Rewards as TRL's GRPOTrainer takes them: reward_func(prompts, completions, completion_ids, **columns)."""


def text_of(completion):
    """A completion is a string, or a list of messages where the prompt is one."""
    return completion if isinstance(completion, str) else completion[-1]["content"]


def last_digit(prompts, completions, answer, **kwargs):
    """1 where the completion ends with the row's answer; None where the row has none."""
    return [None if gold is None else float(text_of(text).rstrip().endswith(str(gold)))
            for text, gold in zip(completions, answer)]


def long(completions, **kwargs):
    """Pays for length alone: easy to learn, and nothing one wants. Give it `watch: accuracy` and see what is said."""
    return [len(text_of(text)) / 100 for text in completions]
