"""Compares a saved byte tokenizer, as `tokenizers` and `transformers` read it, with what our program printed.

    tokenizer_check.py inputs FOLDER
        writes texts.jsonl ({"text"}), ids.jsonl ({"input_ids"}) and chats.jsonl ({"messages"}) into FOLDER
    tokenizer_check.py compare TOKENIZER_FOLDER INPUTS OUTPUTS [INPUTS OUTPUTS ...]
        OUTPUTS holds one line for each line of INPUTS: {"input_ids"}, {"text"} or {"text","input_ids","assistant_mask"},
        as `aha tokenize MODEL`, `aha tokenize MODEL --decode` and `aha tokenize MODEL --chat` print them

Exit code 0: all equal; 1: a difference, which is named; 3: a package is missing.
"""

import json
import random
import sys
from pathlib import Path

NUM_TEXTS = 200
SPECIAL = (
    ["<pad>", "<bos>", "<eos>", "<think>", "</think>", "<answer>", "</answer>"]
    + ["<|system|>", "<|user|>", "<|assistant|>"]
    + ["<|reserved_%d|>" % i for i in (0, 1, 9, 10, 11, 53)]
)
NEAR_SPECIAL = ["<", ">", "</", "<think", "< think>", "<|", "|>", "<|reserved_54|>", "<|reserved_1", "THINK>"]
PLAIN = ["mod 3+3+2+4\n", "余 3+3+2+4", "得7", " so 7", "\n\n", "\t", "  ", "'s", "don't", "x=15/3", "é", "ß", "ﬁ", "e\u0301"]


def piece(rng):
    kind = rng.random()
    if kind < 0.2:
        return rng.choice(SPECIAL)
    if kind < 0.3:
        return rng.choice(NEAR_SPECIAL)
    if kind < 0.6:
        return rng.choice(PLAIN)
    if kind < 0.7:
        return chr(rng.randrange(0x4E00, 0x9FFF))
    if kind < 0.9:
        return chr(rng.randrange(0, 0x250))
    code = rng.randrange(0x250, 0x110000)
    return "" if 0xD800 <= code < 0xE000 else chr(code)


def text_of(rng, longest=30):
    return "".join(piece(rng) for _ in range(rng.randrange(longest)))


def messages_of(rng):
    messages = [{"role": "system", "content": text_of(rng, 6)}] if rng.random() < 0.3 else []
    for _ in range(rng.randrange(1, 4)):
        messages.append({"role": "user", "content": text_of(rng, 8)})
        messages.append({"role": "assistant", "content": text_of(rng, 8)})
    return messages[:-1] if rng.random() < 0.5 else messages


def write_rows(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def read_rows(path):
    # str.splitlines would also cut at U+2028.
    lines = Path(path).read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line.strip()]


def write_inputs(folder):
    rng = random.Random(20250122)
    folder.mkdir(parents=True, exist_ok=True)
    texts = [text_of(rng) for _ in range(NUM_TEXTS)]
    write_rows(folder / "texts.jsonl", [{"text": text} for text in texts])
    # Only ids of whole characters: what broken UTF-8 decodes to is each program's own choice.
    ids = [[*text.encode()] + [rng.randrange(256, 320)] for text in texts]
    write_rows(folder / "ids.jsonl", [{"input_ids": row} for row in ids])
    write_rows(folder / "chats.jsonl", [{"messages": messages_of(rng)} for _ in range(NUM_TEXTS // 4)])


def expect(place, what, ours, theirs):
    if ours != theirs:
        sys.exit(f"{place}: {what} differs\n  ours   {ours!r}\n  theirs {theirs!r}")


def compare_text(place, row, ours, raw, auto):
    for name, theirs in (("tokenizers", raw.encode(row["text"]).ids), ("transformers", auto(row["text"])["input_ids"])):
        expect(place, f"ids of {name}", ours["input_ids"], theirs)


def compare_ids(place, row, ours, raw, auto):
    expect(place, "text of tokenizers", ours["text"], raw.decode(row["input_ids"], skip_special_tokens=False))
    expect(place, "text of transformers", ours["text"], auto.decode(row["input_ids"], skip_special_tokens=False))


def compare_chat(place, row, ours, auto):
    # A chat that ends with the user's message asks for a reply, unless the row says otherwise.
    is_asking = row.get("add_generation_prompt", ours["text"].endswith("<|assistant|>"))
    text = auto.apply_chat_template(row["messages"], tokenize=False, add_generation_prompt=is_asking)
    expect(place, "text", ours["text"], text)
    encoded = auto.apply_chat_template(
        row["messages"],
        tokenize=True,
        add_generation_prompt=is_asking,
        return_dict=True,
        return_assistant_tokens_mask=True,
    )
    expect(place, "ids", ours["input_ids"], list(encoded["input_ids"]))
    expect(place, "assistant_mask", ours["assistant_mask"], list(encoded["assistant_masks"]))


def compare(folder, pairs):
    try:
        import tokenizers
        import transformers
    except ImportError as error:
        print(f"tokenizer_check: {error}", file=sys.stderr)
        sys.exit(3)
    raw = tokenizers.Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
    auto = transformers.AutoTokenizer.from_pretrained(folder)
    expect(folder, "size of the vocabulary", 320, raw.get_vocab_size())
    expect(folder, "named ids", [256, 257, 258], [auto.pad_token_id, auto.bos_token_id, auto.eos_token_id])
    count = 0
    for inputs, outputs in pairs:
        rows, printed = read_rows(inputs), read_rows(outputs)
        expect(outputs, "number of lines", len(printed), len(rows))
        for number, (row, ours) in enumerate(zip(rows, printed), 1):
            place = f"{inputs}:{number}"
            if "messages" in row:
                compare_chat(place, row, ours, auto)
            elif "text" in row:
                compare_text(place, row, ours, raw, auto)
            else:
                compare_ids(place, row, ours, raw, auto)
            count += 1
    print(f"tokenizer_check: {count} rows agree")


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "inputs":
        write_inputs(Path(arguments[1]))
    elif len(arguments) >= 4 and len(arguments) % 2 == 0 and arguments[0] == "compare":
        compare(arguments[1], list(zip(arguments[2::2], arguments[3::2])))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
