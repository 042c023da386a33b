"""What asks a model for completions, as people and programs use it: generate and its bad lines, chat, bench rollout."""
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import time

from program import Program, read_lines

aha = Program()
runs = aha.scratch / "runs"
aha.run("run", "tests/smoke/tiny.yaml", "--set", f"output_dir={runs}", "--stop-after", "base")
model = runs / "tiny/01-base/model"
CONTEXT, END = 512, 258
out, stats = aha.scratch / "out.jsonl", aha.scratch / "stats.json"


def generate(rows, *options, length=24, exit_code=0):
    lines = rows if isinstance(rows, os.PathLike) else aha.write_lines("rows.jsonl", rows)
    process = aha.run("generate", model, "--input", lines, "--output", out, "--max-completion-length", length, "--seed", 3,
                      *options, exit_code=exit_code)
    return read_lines(out), process.stderr


def texts(rows):
    return [completion["text"] for row in rows for completion in row["completions"]]


# ---- a bad line does not harm the others
good = {"id": "good", "prompt": "sum 1+2"}
bad = [({"id": 1, "prompt": ""}, "empty prompt"),
       ({"id": 2, "input_ids": [1, 99999]}, "99999"),
       ({"id": 3, "input_ids": [1, -1]}, "-1"),
       ({"id": 4, "input_ids": "abc"}, "list of integers"),
       ({"id": 5, "prompt": "x" * CONTEXT}, f"context of {CONTEXT}"),
       ({"id": 6, "answer": "4"}, "none of"),
       ({"id": 7, "messages": [{"role": "bot", "content": "a"}]}, "use system, user, assistant or tool"),
       ('{"id": 8, "prompt": ', "broken JSON"),
       ('["a"]', "must be an object"),
       ('{"id": 9, "prompt": "\\ud800"}', "JSON")]
last = {"id": "last", "input_ids": [115, 117, 109]}
mixed = aha.write_lines("mixed.jsonl", [good, *(row for row, _ in bad), last])
rows, stderr = generate(mixed, "--num-samples", 2, exit_code=2)
aha.expect(len(rows) == len(bad) + 2, "a line out for each line in")
for number, ((row, sentence), answer) in enumerate(zip(bad, rows[1:-1]), start=2):
    place = f"mixed.jsonl:{number}:"
    aha.expect("completions" not in answer, f"{place} has no completions")
    aha.expect(place in answer["error"] and sentence in answer["error"], f"{place} {sentence!r} in: {answer}")
    aha.expect(answer["error"].split("mixed.jsonl")[1] in stderr, f"{place} the sentence is on stderr: {stderr}")
    if isinstance(row, dict):
        aha.expect(answer["id"] == row["id"], f"{place} its id is echoed")
aha.expect(f"{len(bad)} of {len(rows)} lines" in stderr, "bad lines are counted at the end")
alone, _ = generate([good] + [good] * len(bad) + [last], "--num-samples", 2)
aha.expect([rows[0], rows[-1]] == [alone[0], alone[-1]], "good lines get what they get in good company")
rows, _ = generate([bad[0][0]], exit_code=2)
aha.expect("error" in rows[0], "bad lines alone")

scored = aha.write_lines("scored.jsonl", [{"text": "sum"}, {"input_ids": [1, 320]}, {"id": 2}, "{", {"text": "sum"}])
stderr = aha.run("score", model, "--input", scored, "--output", out, exit_code=2).stderr
rows = read_lines(out)
aha.expect(rows[0] == rows[4] and len(rows[0]["logprobs"]) == 2, "score: good lines")
for number, answer in enumerate(rows[1:4], start=2):
    aha.expect(f"scored.jsonl:{number}:" in answer["error"] and "logprobs" not in answer, f"score: {answer}")
aha.expect("3 of 5 lines" in stderr, "score counts bad lines")

# ---- what may be drawn
prompts = [{"prompt": f"sum {i}+{i + 1}"} for i in range(8)]
greedy, _ = generate(prompts, "--temperature", 0)
banned = {row["completions"][0]["token_ids"][0] for row in greedy}
rows, _ = generate(prompts, "--temperature", 0, "--bad-token-ids", ",".join(map(str, banned)))
drawn = {token for row in rows for token in row["completions"][0]["token_ids"]}
aha.expect(not drawn & banned, "--bad-token-ids are never drawn")
rows, _ = generate([last], "--temperature", 0, "--repetition-penalty", 1e6)
ids = rows[0]["completions"][0]["token_ids"]
aha.expect(len(set(ids)) == len(ids) and not set(ids) & set(last["input_ids"]), f"--repetition-penalty: {ids}")
choices = ["yes", "no", "é中😀"]
rows, _ = generate(prompts, "--num-samples", 8, *(word for choice in choices for word in ("--guided-choice", choice)))
aha.expect(set(texts(rows)) == set(choices), f"--guided-choice: {set(texts(rows))}")
rows, _ = generate(prompts, "--num-samples", 4, "--guided-json", length=200)
for row in rows:
    for completion in row["completions"]:
        if completion["finish_reason"] == "stop":
            json.loads(completion["text"])

# ---- drafts change the speed alone
options = ["--num-samples", 2, "--ignore-eos", "--temperature", 0.2]
plain, _ = generate(prompts, *options, "--stats", stats, length=200)
counts = json.loads(stats.read_text())
for key in ["steps", "computed_tokens", "draft_tokens", "accepted_draft_tokens", "preemptions", "peak_cache_bytes"]:
    aha.expect(key in counts, f"--stats has {key}")
aha.expect(counts["draft_tokens"] == 0 and counts["peak_cache_bytes"] > 0, f"--stats: {counts}")
drafted, _ = generate(prompts, *options, "--stats", stats, "--speculation", "ngram", "--num-draft-tokens", 3, length=200)
counts = json.loads(stats.read_text())
aha.expect(drafted == plain, "--speculation ngram changes no completion")
aha.expect(counts["draft_tokens"] >= counts["accepted_draft_tokens"] > 0, f"drafts are made: {counts}")

# ---- options that cannot be: refused before anything is written
untouched = aha.scratch / "untouched.jsonl"
request = ["generate", model, "--input", mixed, "--output", untouched]
for options, mentions in [(["--guided-json", "--guided-choice", "a"], ["guided"]),
                          (["--guided-choice", ""], ["guided_choice"]),
                          (["--guided-choice", "a", "--ignore-eos"], ["ignore_eos"]),
                          (["--stop", ""], ["--stop", "empty"]),
                          (["--bad-token-ids", "3,320"], ["--bad-token-ids", "320"]),
                          (["--bad-token-ids", "x"], ["--bad-token-ids"]),
                          (["--speculation", "mtp"], ["--speculation", "MTP"]),
                          (["--speculation", "ngrams"], ["--speculation"]),
                          (["--repetition-penalty", 0], ["--repetition-penalty"]),
                          (["--cache-mb", 2**62], ["--cache-mb"])]:
    aha.refuses(*request, *options, mentions=mentions)
aha.expect(not untouched.exists(), "refused options leave no output")


# ---- chat through a pipe: an answer a line, nothing else on stdout
def chat(lines, *options, folder=model, exit_code=0):
    return aha.run("chat", folder, *options, input="".join(line + "\n" for line in lines), exit_code=exit_code)


thought = "<think>é中</think>b😀"
process = chat(["hello", "", "/help", "/what", "again", "/reset", "once more", "/exit", "never"], "--guided-choice", thought)
aha.expect(process.stdout == f"{thought}\n" * 3, f"chat: {process.stdout!r}")
aha.expect("\x1b" not in process.stdout and "> " not in process.stderr, "a pipe gets no escape codes and no prompt")
aha.expect("/reset" in process.stderr and "no command /what" in process.stderr, f"chat: {process.stderr}")
process = chat(["one", "x" * CONTEXT, "two"], "--json", "--temperature", 0, "--max-completion-length", 8, exit_code=2)
answers = [json.loads(line) for line in process.stdout.splitlines()]
aha.expect(len(answers) == 3 and {"text", "finish_reason", "completion_tokens"} <= answers[0].keys(), f"chat --json: {answers}")
aha.expect(f"context is {CONTEXT}" in answers[1]["error"] and "text" in answers[2], f"chat goes on after a long question: {answers}")

forgetful = ["--temperature", 0, "--max-completion-length", 16, "--json"]
alone = chat(["b"], *forgetful).stdout.splitlines()[-1]
aha.expect(chat(["a", "/reset", "b"], *forgetful).stdout.splitlines()[-1] == alone, "/reset forgets")
aha.expect(chat(["a", "b"], *forgetful).stdout.splitlines()[-1] != alone, "chat remembers")
aha.expect(chat(["a", "b"], "--template", "r1_zero", *forgetful).stdout.splitlines()[-1]
           == chat(["b"], "--template", "r1_zero", *forgetful).stdout.splitlines()[-1], "R1-Zero's prompt keeps nothing")
process = chat(["a" * 100] * 9, "--max-completion-length", 90, "--bad-token-ids", END, exit_code=2)
aha.expect("/reset begins a new one" in process.stderr, f"a full context: {process.stderr}")
cut = chat(["a"], "--max-completion-length", 5, "--bad-token-ids", END)
aha.expect("cut after 5 tokens" in cut.stderr, f"a cut answer is told: {cut.stderr}")

learned = aha.scratch / "learned"
aha.run("tokenize", "--train", "README.md", "--kind", "bpe", "--vocab-size", 300, "--output", learned)
for path in [model / "config.json", model / "model.safetensors"]:
    shutil.copy(path, learned)
config = json.loads((learned / "tokenizer_config.json").read_text())
config.pop("chat_template")
(learned / "tokenizer_config.json").write_text(json.dumps(config))
process = chat(["a"], folder=learned)
aha.expect("no chat template" in process.stderr and process.stdout.endswith("\n"), f"no template: {process.stderr}")
aha.refuses("chat", learned, "--template", "chat", mentions=["has no chat template", "r1_zero"])
aha.refuses("chat", model, "--template", "plain", "--system", "Be kind.", mentions=["--system", "plain"])
aha.refuses("chat", aha.scratch / "absent", mentions=["absent"])

# ---- Ctrl-C stops an answer, a second one leaves. A context without end makes answers that long.
endless = aha.scratch / "endless"
shutil.copytree(model, endless)
config = json.loads((endless / "config.json").read_text()) | {"max_position_embeddings": 1_000_000}
(endless / "config.json").write_text(json.dumps(config))
endless_chat = ["chat", endless, "--max-completion-length", 900_000, "--bad-token-ids", END]
process = aha.start(*endless_chat, stdin=subprocess.PIPE, errors="replace")
process.stdin.write("go on\n")
process.stdin.flush()
aha.expect(process.stdout.read(1) != "", "the answer comes while it is written")
process.send_signal(signal.SIGINT)
process.stdin.write("/reset\n")
process.stdin.close()
tail, begin = process.stdout.read(), time.monotonic()
aha.expect(process.wait(20) == 0 and tail.endswith("\n"), "Ctrl-C stops the answer, the end of the input leaves")
aha.expect(time.monotonic() - begin < 10, "Ctrl-C is obeyed soon")
process = aha.start(*endless_chat, stdin=subprocess.PIPE, errors="replace")
process.stdin.write("go on\n")
process.stdin.flush()
process.stdout.read(1)
process.send_signal(signal.SIGINT)
time.sleep(0.2)
process.send_signal(signal.SIGINT)
process.stdin.close()
process.stdout.read()
aha.expect(process.wait(20) in (0, 128 + signal.SIGINT), "Ctrl-C twice leaves")


# ---- a terminal sees thoughts dimmed
def on_terminal(arguments, typed):
    child, terminal = pty.fork()
    if child == 0:
        os.execv(aha.path, [str(aha.path), *map(str, arguments)])
    shown = b""
    for wanted, text in typed:
        while wanted not in shown:
            aha.expect(select.select([terminal], [], [], 30)[0], f"the terminal shows {wanted} within 30 s: {shown!r}")
            shown += os.read(terminal, 4096)
        os.write(terminal, text)
    try:
        while chunk := os.read(terminal, 4096):
            shown += chunk
    except OSError:  # the other end is closed
        pass
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.decode()


code, shown = on_terminal(["chat", model, "--guided-choice", thought], [(b"> ", b"hello\n"), ("😀".encode(), b"/exit\n")])
aha.expect(code == 0 and "\x1b[2m<think>é中</think>\x1b[0mb😀" in shown, f"thoughts are dimmed: {shown!r}")
for _ in range(5):  # at once after the prompt: none may be missed
    code, shown = on_terminal(["chat", model], [(b"> ", b"\x03"), (b"once more", b"\x03")])
    aha.expect(code == 128 + signal.SIGINT, f"Ctrl-C twice where a question is awaited: {code} {shown!r}")
code, shown = on_terminal(["bench", "rollout", "--model", "tests/smoke/tiny_model.json", "--batch", 2, "--repeats", 1,
                           "--max-completion-length", 8], [])
aha.expect(code == 0 and "tokens/s" in shown and "{" not in shown, f"bench rollout's table: {shown}")

# ---- bench rollout
bench = ["bench", "rollout", "--model", "tests/smoke/tiny_model.json", "--repeats", 2, "--max-completion-length", 16, "--ignore-eos", "--json"]
for dtype in ["float32", "bfloat16"]:
    report = json.loads(aha.run(*bench, "--batch", "1,8", "--dtype", dtype).stdout)
    aha.expect(report.keys() == {"results", "machine"}, f"bench rollout prints {report.keys()}")
    aha.expect([row["batch"] for row in report["results"]] == [1, 8], "a result a batch")
    for row in report["results"]:
        aha.expect(row["completion_tokens"] == 16 * row["batch"] and row["prompt_tokens"] == 16 * row["batch"], f"tokens: {row}")
        aha.expect(abs(row["tokens_per_second"] * row["seconds"] / row["completion_tokens"] - 1) < 1e-6, "tokens a second")
        for share, each, peak in [("read_bandwidth_share", "bytes_per_token", "read_bytes_per_second"),
                                  ("gemm_peak_share", "flops_per_token", "gemm_flops_per_second")]:
            wanted = row[each] * row["tokens_per_second"] / report["machine"][peak]
            aha.expect(row[share] > 0 and abs(row[share] / wanted - 1) < 1e-6, f"{share}: {row}")
        aha.expect(row["peak_rss_bytes"] > 0, "memory is told")
group = json.loads(aha.run(*bench, "--num-generations", 4, "--batch", 8, "--prompt-tokens", 100).stdout)["results"][0]
apart = json.loads(aha.run(*bench, "--num-generations", 4, "--batch", 8, "--prompt-tokens", 100, "--no-shared-prompt").stdout)
aha.expect(group["prompts"] == 2 and group["prompt_tokens"] == 200, f"a group shares its prompt: {group}")
aha.expect(apart["results"][0]["prompts"] == 8, "--no-shared-prompt")
aha.expect(group["computed_tokens"] + 600 == apart["results"][0]["computed_tokens"], "a shared prompt is computed once")
aha.refuses(*bench, "--num-generations", 4, "--batch", 6, mentions=["--batch", "6"])
aha.refuses(*bench, "--prompt-tokens", 600, mentions=["--prompt-tokens", "512"])
aha.refuses(*bench, "--batch", 0, mentions=["--batch: must be between 1 and 1048576, but is 0"])
aha.refuses(*bench, "--repeats", "many", mentions=["--repeats: must be between 1 and 1000, but is many"])
aha.refuses("bench", "train", "--model", "tests/smoke/tiny_model.json", "--steps", 0, mentions=["--steps: must be above 0, but is 0"])
aha.refuses(*bench, "--device", "cuda", mentions=["--device", "config.json"])
print(f"{aha.checks} checks hold")
