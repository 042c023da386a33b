"""The verifier `exact` again, for answers of one word: what the only <answer> … </answer> after the thinking holds.

learning_curve.py checks it on every completion that either program wrote against what `aha` says of it.
"""
import unicodedata


def extract_answer(completion):
    """None where there is no one answer; boxes, which the verifier also reads, are none here."""
    before, end, said = completion.rpartition("</think>")
    if not end and "<think>" in completion:
        return None
    if said.count("<answer>") != 1 or said.count("</answer>") != 1:
        return None
    content, close, _ = said.partition("<answer>")[2].partition("</answer>")
    return content.strip() or None if close else None


def normalised(text):
    words = " ".join(unicodedata.normalize("NFKC", text).split())
    return words[:-1].rstrip() if len(words) > 1 and words.endswith(".") else words


def exact_reward(completion, answer):
    found = extract_answer(completion)
    return float(found is not None and normalised(found) == answer)
