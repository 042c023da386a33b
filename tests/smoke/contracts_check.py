"""Runs every kind of stage on a tiny model, then each verb as other programs call it: keys, order, ids, exit codes."""
import json
import math
import os
import shutil

from code_rows import ROWS
from program import ROOT, Program, read_lines

aha = Program()
runs = aha.scratch / "runs"
tiny = ["tests/smoke/tiny.yaml", "--set", f"output_dir={runs}"]

# ---- run: folder, skipping, table
aha.run("run", *tiny)
folder = runs / "tiny"
for name in ["recipe.json", "environment.json", "lineage.json", "report.html", "01-base/model/model.safetensors",
             "01-base/model/config.json", "01-base/model/tokenizer.json", "02-zero/metrics.jsonl",
             "02-zero/completions.jsonl", "03-samples/dataset.jsonl", "05-report/result.json"]:
    aha.expect((folder / name).is_file(), f"{name} is in the run folder")
aha.expect(list((folder / "02-zero").glob("events.out.tfevents.*")), "TensorBoard events are written")
metrics = read_lines(folder / "02-zero/metrics.jsonl")
aha.expect([row["step"] for row in metrics] == sorted(row["step"] for row in metrics), "metrics are in step order")
for key in ["loss", "reward", "reward_std", "frac_reward_zero_std", "rewards/accuracy/mean", "rewards/format/mean",
            "completions/mean_length", "completions/clipped_ratio", "kl", "entropy", "grad_norm", "learning_rate",
            "clip_ratio/region_mean", "sampling/sampling_logp_difference/mean", "num_tokens", "step_time"]:
    aha.expect(any(key in row for row in metrics), f"metrics.jsonl has {key}")
aha.expect(all(row.get("sampling/sampling_logp_difference/max", 0) <= 1e-5 for row in metrics), "sampler and trainer agree")
completions = read_lines(folder / "02-zero/completions.jsonl")
aha.expect(len(completions) == 4 * 4 * 4, "every completion is kept")
for key in ["step", "prompt", "sample", "completion", "rewards", "reward", "advantage", "length", "finish_reason"]:
    aha.expect(key in completions[0], f"completions.jsonl has {key}")
evaluations = json.loads((folder / "05-report/result.json").read_text())["evaluations"]
aha.expect([e["model"] for e in evaluations] == ["base", "zero", "sft"], "the evaluate stage measured all models")
before = (folder / "04-sft/model/model.safetensors").stat().st_mtime_ns
aha.run("run", *tiny)
aha.expect((folder / "04-sft/model/model.safetensors").stat().st_mtime_ns == before, "unchanged stages are skipped")

# ---- dry run touches nothing
plan = aha.run("run", "tests/smoke/tiny.yaml", "--set", f"output_dir={aha.scratch / 'nowhere'}", "--dry-run").stdout
aha.expect("zero" in plan and not (aha.scratch / "nowhere").exists(), "--dry-run prints the plan and touches nothing")

model = folder / "02-zero/model"

# ---- generate
requests = aha.write_lines("requests.jsonl", [
    {"id": "a", "prompt": "sum 1+2"}, {"id": 7, "input_ids": [115, 117, 109]},
    {"id": "c", "messages": [{"role": "user", "content": "sum 3+4"}]}])
out = aha.scratch / "out.jsonl"
stats = aha.scratch / "stats.json"
generate = ["generate", model, "--input", requests, "--output", out, "--num-samples", 3, "--max-completion-length", 12,
            "--seed", 5]
aha.run(*generate, "--stats", stats)
rows = read_lines(out)
aha.expect([row["id"] for row in rows] == ["a", 7, "c"], "ids are echoed in order")
for row in rows:
    aha.expect(len(row["completions"]) == 3, "num-samples completions a line")
    for completion in row["completions"]:
        aha.expect(set(completion) >= {"text", "token_ids", "logprobs", "finish_reason"}, "completion keys")
        aha.expect(len(completion["token_ids"]) == len(completion["logprobs"]) <= 12, "a log-prob a token")
        aha.expect(completion["finish_reason"] in ("stop", "length"), "finish reasons")
        aha.expect(all(value <= 0 for value in completion["logprobs"]), "log-probs are not positive")
for key in ["prompt_tokens", "completion_tokens", "seconds", "completion_tokens_per_second", "peak_rss_bytes"]:
    aha.expect(key in json.loads(stats.read_text()), f"stats have {key}")
first = out.read_bytes()
aha.run(*generate, "--threads", 1)
aha.expect(out.read_bytes() == first, "one thread gives the same bytes as two")
alone = aha.write_lines("alone.jsonl", [{"input_ids": [115, 117, 109]}])
greedy = ["--temperature", 0, "--max-completion-length", 8]
aha.run("generate", model, "--input", alone, "--output", out, *greedy)
greedy_ids = read_lines(out)[0]["completions"][0]["token_ids"]

# ---- a folder without tokenizer does for ids
bare = aha.scratch / "bare"
shutil.copytree(model, bare)
for path in bare.glob("*token*"):
    path.unlink()
aha.run("generate", bare, "--input", alone, "--output", out, *greedy)
aha.expect(read_lines(out)[0]["completions"][0]["token_ids"] == greedy_ids, "ids need no tokenizer")

# ---- score agrees with what was sampled
aha.run("generate", model, "--input", requests, "--output", out, "--num-samples", 1, "--max-completion-length", 12)
sampled = read_lines(out)[1]["completions"][0]
to_score = aha.write_lines("score.jsonl", [
    {"id": 1, "input_ids": [115, 117, 109] + sampled["token_ids"]}, {"text": "sum"},
    {"prompt": "sum 1+2\n", "completion": "<think></think><answer>3</answer>"}])
aha.run("score", model, "--input", to_score, "--output", out)
scored = read_lines(out)
aha.expect(len(scored[0]["logprobs"]) == 2 + len(sampled["token_ids"]), "score: every token after the first")
aha.expect(max(abs(a - b) for a, b in zip(scored[0]["logprobs"][2:], sampled["logprobs"])) <= 1e-5, "score equals the sampler")
aha.expect(len(scored[1]["logprobs"]) == 2 and len(scored[2]["logprobs"]) == 5, "score: text, and completion tokens alone")

# ---- tokenize
texts = aha.write_lines("texts.jsonl", [{"text": "<think>é</think>"}, {"text": ""}])
aha.run("tokenize", model, "--input", texts, "--output", out)
aha.expect([row["input_ids"] for row in read_lines(out)] == [[259, 195, 169, 260], []], "tokenize")
ids = aha.write_lines("ids.jsonl", [{"input_ids": [259, 195, 169, 260]}])
aha.run("tokenize", model, "--decode", "--input", ids, "--output", out)
aha.expect(read_lines(out)[0]["text"] == "<think>é</think>", "tokenize --decode")
chat = aha.write_lines("chat.jsonl", [{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}])
aha.run("tokenize", model, "--chat", "--input", chat, "--output", out)
row = read_lines(out)[0]
aha.expect(len(row["input_ids"]) == len(row["assistant_mask"]) and sum(row["assistant_mask"]) == 2, "tokenize --chat")
asking = aha.write_lines("asking.jsonl", [{"messages": [{"role": "user", "content": "a"}], "add_generation_prompt": True}])
aha.run("tokenize", model, "--chat", "--input", asking, "--output", out)
aha.expect(read_lines(out)[0] == {"text": "<|user|>a<|assistant|>", "input_ids": [264, 97, 265], "assistant_mask": [0, 0, 0]},
           "tokenize --chat asks for a reply where the row does")
calling = {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]}
for row, sentence in [({"messages": [calling]}, "the chat format aha has none"),
                      ({"messages": [{"role": "user", "content": "a"}], "tools": [{"name": "f"}]}, "the chat format aha has none"),
                      ({"messages": [{"role": "bot", "content": "a"}]}, "use system, user, assistant or tool")]:
    refused = aha.write_lines("refused.jsonl", [row])
    aha.refuses("tokenize", model, "--chat", "--input", refused, mentions=[sentence])

# ---- a tokenizer learned from text, and used
corpus = ROOT / "README.md"
for kind, vocab_size in [("bpe", 400), ("unigram", 400)]:
    learned = aha.scratch / f"learned_{kind}"
    made = json.loads(aha.run("tokenize", "--train", corpus, "--kind", kind, "--vocab-size", vocab_size, "--output", learned,
                              "--json").stdout)
    aha.expect(made["vocab_size"] <= vocab_size and made["kind"] == kind, f"--train --kind {kind}")
    sums = aha.write_lines("sums.jsonl", [{"text": "the stage trains a model"}])
    aha.run("tokenize", learned, "--input", sums, "--output", out)
    aha.run("tokenize", learned, "--decode", "--input", aha.write_lines("back.jsonl", read_lines(out)), "--output", out)
    aha.expect(read_lines(out)[0]["text"] == "the stage trains a model", f"{kind}: ids decode to the text")
aha.refuses("tokenize", "--train", corpus, "--output", learned, mentions=["--output", "name a new folder"])
aha.refuses("tokenize", "--train", aha.scratch / "absent.txt", "--output", aha.scratch / "never", mentions=["absent.txt"])
aha.expect(not (aha.scratch / "never").exists(), "a tokenizer that could not be learned leaves nothing")

# ---- data, eval, verify, inspect
aha.run("data", "last_digit_sum", "--count", 20, "--seed", 1, "--output", out)
problems = read_lines(out)
aha.expect(len(problems) == 20 and set(problems[0]) >= {"prompt", "answer", "task", "difficulty"}, "data rows")
aha.run("data", "plain_sum", "--count", 12, "--seed", 1, "--output", aha.scratch / "plain.jsonl")
evaluation = json.loads(aha.run("eval", model, "--task", aha.scratch / "plain.jsonl", "--num-samples", 4, "--k", 2,
                                "--max-completion-length", 16, "--json").stdout.splitlines()[0])
for key in ["task", "n", "pass@1", "pass@1_interval", "pass@k", "cons@k", "mean_length", "clipped_ratio"]:
    aha.expect(key in evaluation, f"eval prints {key}")
tagged = "<think>a</think><answer>{}</answer>"
verify = aha.write_lines("verify.jsonl", [{"id": 1, "completion": tagged.format("1/2"), "answer": "0.5"},
                                          {"id": 2, "completion": tagged.format("3"), "answer": "4"},
                                          {"id": 3, "completion": "no tags", "answer": "4"}])
aha.run("verify", "math", "--input", verify, "--output", out)
aha.expect([row["reward"] for row in read_lines(out)] == [1.0, 0.0, 0.0], "verify math")
aha.run("verify", "format", "--input", verify, "--output", out)
aha.expect([row["reward"] for row in read_lines(out)] == [1.0, 1.0, 0.0], "verify format")
language = aha.write_lines("language.jsonl", [{"completion": "<think>one 二</think>", "language": "en"},
                                              {"completion": "<think></think>", "language": "en"}])
aha.run("verify", "language_consistency", "--input", language, "--output", out)
aha.expect([row["reward"] for row in read_lines(out)] == [0.5, 0.0], "verify language_consistency")
schema = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
forms = aha.write_lines("forms.jsonl", [{"completion": "<think>hm</think>```json\n{\"n\": 1}\n```", "schema": schema},
                                        {"completion": '{"n": "1"}', "schema": schema}, {"completion": "n = 1", "schema": schema},
                                        {"completion": "{}", "schema": {"typ": "object"}}])
aha.run("verify", "json", "--input", forms, "--output", out)
rows = read_lines(out)
aha.expect([row["reward"] for row in rows] == [1.0, 0.0, 0.0, None], "verify json")
aha.expect([row["detail"]["verdict"] for row in rows] == ["matches", "different", "unparsable", "unparsable_gold"], "verify json says why")
aha.expect(rows[1]["detail"]["place"] == "/n", "verify json says where")
call = {"name": "weather", "arguments": {"city": "Oslo"}}
calls = aha.write_lines("calls.jsonl", [
    {"completion": f"<tool_call>{json.dumps(call)}</tool_call>", "tool_calls": [call]},
    {"completion": json.dumps(call), "answer": json.dumps([call])},
    {"completion": "It rains.", "tool_calls": [call]}, {"completion": "It rains.", "tool_calls": []}])
aha.run("verify", "tool_call", "--input", calls, "--output", out)
aha.expect([row["reward"] for row in read_lines(out)] == [1.0, 1.0, 0.0, 1.0], "verify tool_call")
aha.expect(len(read_lines(out)[2]["detail"]["missing"]) == 1, "verify tool_call says what is missing")
asked = {"instruction_id_list": ["punctuation:no_comma", "startend:quotation"], "kwargs": [{}, {}]}
replies = aha.write_lines("replies.jsonl", [{"completion": '"a b"', **asked}, {"completion": '"a, b"', **asked},
                                            {"completion": 'Sure:\n"a b"', **asked}])
aha.run("verify", "instruction", "--input", replies, "--output", out)
aha.expect([row["reward"] for row in read_lines(out)] == [1.0, 0.0, 0.0], "verify instruction")
aha.expect([row["detail"]["loose"] for row in read_lines(out)] == [True, False, True], "verify instruction tells the loose verdict")
lengths = aha.write_lines("lengths.jsonl", [{"completion": "a", "completion_length": 18}, {"completion": "a"}])
aha.run("verify", "overlong", "--set", "max_length=20", "--set", "cache_length=4", "--input", lengths, "--output", out)
aha.expect([row["reward"] for row in read_lines(out)] == [-0.5, None], "verify overlong")
many = aha.write_lines("many.jsonl", [{"id": i, "completion": tagged.format(i // 2), "answer": i - i // 2} for i in range(200)])
aha.run("verify", "math", "--input", many, "--output", out, "--threads", 1)
alone = out.read_bytes()
aha.run("verify", "math", "--input", many, "--output", out, "--threads", 5)
aha.expect(out.read_bytes() == alone and [row["id"] for row in read_lines(out)] == list(range(200)), "threads change no line")
aha.expect([row["reward"] for row in read_lines(out)] == [1.0, 0.0] * 100, "each line has its own reward")
entry = aha.scratch / "entry.yaml"
entry.write_text("{name: mine, verifier: exact}")
aha.run("verify", "mine", "--config", entry, "--input", verify, "--output", out)
aha.expect([row["reward"] for row in read_lines(out)] == [0.0, 0.0, 0.0], "verify --config takes an entry of rewards")
aha.refuses("verify", "math", "--config", entry, "--input", verify, mentions=["mine", "math"])
aha.refuses("verify", "math", "--set", "timeout_seconds=3", "--input", verify, mentions=["timeout_seconds", "means nothing"])
aha.refuses("verify", "code", "--set", "timeout_seconds=0", "--input", verify, mentions=["timeout_seconds", "above 0"])
aha.refuses("verify", "code", "--set", "timeout_second=1", "--input", verify, mentions=["timeout_second", "timeout_seconds"])
aha.expect("code  " in aha.run("verify", "--help").stdout, "verify --help lists the verifiers")
programs = aha.write_lines("programs.jsonl", [{"id": i, "completion": completion, **columns}
                                              for i, (completion, columns, _) in enumerate(ROWS)])
judging = aha.start("verify", "code", "--input", programs, "--output", out, "--set", "timeout_seconds=4")
said = judging.communicate()[1]
if judging.returncode == 3:
    aha.expect("isolat" in said, f"code refuses to start with the reason: {said}")
    print("skipped: verify code, for this machine does not isolate programs")
else:
    aha.expect(judging.returncode == 0, f"verify code: {said}")
    for i, (row, (completion, _, verdict)) in enumerate(zip(read_lines(out), ROWS, strict=True)):
        value = {"passed": 1.0, "infra_error": None, "unparsable_gold": None}.get(verdict, 0.0)
        aha.expect((row["id"], row["reward"], row["detail"]["verdict"]) == (i, value, verdict), f"{row}, wanted {verdict}: {completion}")
facts = json.loads(aha.run("inspect", model, "--json").stdout)
aha.expect("hidden_size" in facts["config"] and facts["family"] == "deepseek_v3", "inspect prints the config")
aha.expect(facts["dtypes"].keys() == {"F32"} and facts["files"] == 1, "inspect counts files and dtypes")
aha.expect(facts["tokenizer"]["kind"] == "byte" and facts["tokenizer"]["chat_template"] == "aha", "inspect names the tokenizer")
aha.expect(facts["memory"]["train_bytes"] == 16 * facts["parameters"], "inspect plans memory")
aha.expect("chat template aha" in aha.run("inspect", model).stdout, "inspect as people read it")
aha.expect("no tokenizer" in aha.run("inspect", bare).stdout, "inspect of a folder without tokenizer")
aha.run("inspect", folder)

# ---- bench step
step = ["bench", "step", "--model", "tests/smoke/tiny_model.json", "--prompts", 2, "--num-generations", 4,
        "--max-completion-length", 8, "--ignore-eos", "--steps", 1, "--warmup", 1]
phases = ["generate", "reward", "logprobs", "forward", "backward", "optimizer", "other"]
for options in [[], ["--bf16", "--gradient-checkpointing", "--no-shared-prompt"], ["--beta", 0.1, "--rollout-dtype", "bfloat16"]]:
    report = json.loads(aha.run(*step, *options).stdout)
    aha.expect(list(report["phases"]) == phases, f"bench step prints the phases {list(report['phases'])}")
    for key in ["seconds_per_step", "tokens_per_second", "completion_tokens_per_second", "parameters", "threads", "peak_rss_bytes"]:
        aha.expect(report[key] > 0, f"bench step prints {key}")
    aha.expect((report["tokens"], report["completion_tokens"]) == (2 * 4 * (16 + 8), 2 * 4 * 8), "bench step counts tokens")
    aha.expect(sum(report["phases"].values()) <= report["seconds_per_step"], "the phases lie within the step")
    worked = [phase for phase in ["generate", "forward", "backward", "optimizer"] if report["phases"][phase] > 0]
    aha.expect(len(worked) == 4, f"bench step {options} trains: {report['phases']}")
aha.refuses(*step[:6], "--num-generations", 1, mentions=["--num-generations", "at least 2"])
aha.refuses(*step, "--dtype", "bfloat16", mentions=["--dtype", "float32"])
aha.refuses(*step, "--prompt-tokens", 600, mentions=["--prompt-tokens", "512"])
aha.refuses(*step, "--steps", 0, mentions=["--steps"])

# ---- doctor, sandbox: one JSON object; what a program wrote is text, whatever its bytes
doctor = json.loads(aha.run("doctor", "--json").stdout)
aha.expect(set(doctor) >= {"version", "libtorch", "cpu", "memory", "gpus", "sandbox"}, f"keys of doctor: {set(doctor)}")
aha.expect(doctor["sandbox"]["isolation"] in aha.run("doctor").stdout, "doctor tells the isolation to people too")
source, given = aha.scratch / "program.py", aha.scratch / "stdin.txt"
source.write_text("import sys\nsys.stdout.buffer.write(input().encode() + b'\\xff')\nsys.exit(3)")
given.write_text("41\n")
sandbox = ["sandbox", source, "--language", "python"]
if doctor["sandbox"]["isolation"] in ("cgroup", "namespaces") and doctor["sandbox"]["languages"]["python"]:
    answer = json.loads(aha.run(*sandbox, "--stdin", given, "--timeout-seconds", 20, "--memory-mb", 256, "--json").stdout)
    aha.expect(set(answer) == {"status", "exit_code", "stdout", "stderr", "seconds"}, f"keys of sandbox: {set(answer)}")
    aha.expect((answer["status"], answer["exit_code"], answer["stdout"]) == ("runtime_error", 3, "41\ufffd"),
               f"how the program ended: {answer}")
    speed = json.loads(aha.run(*sandbox, "--stdin", given, "--repeat", 5).stdout)
    aha.expect(speed["statuses"] == {"runtime_error": 5} and speed["boxes_per_second"] > 0, f"boxes a second: {speed}")
aha.refuses("sandbox", aha.scratch / "absent.py", "--language", "python", mentions=["absent.py"])
aha.refuses("sandbox", source, "--language", "rust", mentions=["rust", "python"])

# ---- bad input: one sentence, the place, exit 2, nothing half-written
def recipe(text):
    path = aha.scratch / "bad.yaml"
    path.write_text(text)
    return path

good = "name: x\noutput_dir: %s\ntasks: {s: {generator: last_digit_sum, count: 8, holdout: 4}}\nstages:\n" % (aha.scratch / "bad")
base = "  - {name: base, kind: pretrain, model: {config: tests/smoke/tiny_model.json}, data: [{generator: corpus}], max_tokens: 256}\n"
aha.refuses("run", recipe(good + base.replace("max_tokens", "max_token")), mentions=["stages.0.max_token", "max_tokens"])
aha.refuses("run", recipe(good + base.replace("256", "many")), mentions=["stages.0.max_tokens", "integer"])
aha.refuses("run", recipe(good + base + "  - {name: z, kind: grpo, init_from: bass, prompts: [s]}\n"),
            mentions=["stages.1.init_from", "bass", "base"])
aha.refuses("run", recipe(good + base + "  - {name: z, kind: grpo, init_from: base, prompts: [t]}\n"),
            mentions=["stages.1.prompts"])
aha.refuses("run", recipe(good + base + "    &a: 1\n"), mentions=["bad.yaml"])
aha.refuses("run", recipe("seed: 1\nseed: 2\n"), mentions=["bad.yaml:2", "seed"])
aha.refuses("run", aha.scratch / "absent.yaml", mentions=["absent.yaml"])
aha.refuses("run", recipe(good + base.replace("tiny_model", "absent_model")), mentions=["absent_model"])
aha.expect(not (aha.scratch / "bad").exists(), "a refused recipe leaves nothing")
aha.refuses("generate", aha.scratch / "absent", "--input", requests, "--output", out, mentions=["absent"])
empty = aha.scratch / "empty"
empty.mkdir()
(empty / "config.json").write_text((model / "config.json").read_text())
aha.refuses("generate", empty, "--input", requests, "--output", out, mentions=["empty", "safetensors"])
broken = aha.write_lines("broken.jsonl", [{"prompt": "a"}, '{"prompt": '])
untouched = aha.scratch / "untouched.jsonl"
aha.refuses("tokenize", model, "--input", broken, "--output", untouched, mentions=["broken.jsonl:2"])
aha.expect(not untouched.exists(), "a refused input leaves no output")
aha.refuses("generate", model, "--input", broken, "--output", out, mentions=["broken.jsonl:2", "1 of 2 lines"])
aha.expect("completions" in read_lines(out)[0] and "broken.jsonl:2" in read_lines(out)[1]["error"],
           "a bad line does not harm the others")
outside = aha.write_lines("outside.jsonl", [{"input_ids": [1, 99999]}])
aha.refuses("generate", model, "--input", outside, "--output", out, mentions=["99999"])
aha.refuses("generate", model, "--input", requests, "--output", untouched, "--temperature", -1, mentions=["temperature"])
aha.refuses("verify", "maths", "--input", verify, "--output", out, mentions=["maths", "math"])
aha.refuses("frobnicate", mentions=["frobnicate"])
if os.path.exists("/dev/full"):
    aha.refuses("data", "plain_sum", "--count", 3, "--seed", 1, "--output", "/dev/full/x.jsonl", mentions=["/dev/full"], exit_code=1)

# ---- help costs nothing
aha.expect("run" in aha.run("--help").stdout and aha.run("--version").stdout.strip(), "--help and --version")
for verb in ["run", "generate", "chat", "score", "tokenize", "eval", "data", "verify", "inspect", "bench",
             "sandbox", "doctor"]:
    aha.expect("aha " + verb in aha.run(verb, "--help").stdout, f"{verb} --help has an example")
assert math.isfinite(aha.checks)
print(f"{aha.checks} contracts hold")
