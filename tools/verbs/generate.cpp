// aha generate: completions of prompts. A line that cannot be answered does not harm the others.
#include <cstdio>
#include <memory>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/data/jsonl.h"
#include "aha/report/process_memory.h"
#include "aha/report/progress.h"
#include "verbs/json_rows.h"
#include "verbs/model_options.h"
#include "verbs/stop_signals.h"
#include "verbs/verbs.h"

namespace aha::tools {
namespace {

using nlohmann::ordered_json;

struct GenerateArguments {
  std::filesystem::path model, stats;
  FileOptions files;
  ModelOptions common;
  EngineFlags engine;
  rollout::SamplingParams sampling;
  bool chat = false;
};

// A row that can be answered, as far as is known before the weights are there.
struct Asked {
  size_t row;
  data::Prompt prompt;
};

struct Answers {
  std::vector<ordered_json> rows;
  rollout::EngineStats stats;
};

data::Prompt make_prompt(const Row& row, int64_t id, bool as_chat, const data::Tokenizer* tokenizer,
                         int64_t vocab_size) {
  data::Prompt prompt;
  prompt.id = id;
  if (row.find("input_ids")) {
    prompt.token_ids = row.token_ids("input_ids", vocab_size);
  } else if (!row.find("prompt") && !row.find("messages")) {
    throw InputError(row.place, "has none of `prompt`, `messages` and `input_ids`");
  } else if (!tokenizer) {
    throw InputError(row.place, "is text, but the model folder has no tokenizer; give `input_ids`");
  } else {
    prompt.example = data::example_from_row(row.value, row.place);
    if (as_chat && prompt.example.messages.empty()) prompt.example.messages = {{"user", prompt.example.prompt}};
    if (prompt.example.messages.empty()) {
      prompt.text = prompt.example.prompt;
      prompt.token_ids = tokenizer->encode_prompt(prompt.text);
    } else {
      data::RenderedChat chat =
          tokenizer->render_chat(prompt.example.messages, /*add_generation_prompt=*/true, prompt.example.tools);
      prompt.text = std::move(chat.text);
      prompt.token_ids = std::move(chat.token_ids);
    }
  }
  return prompt;
}

std::vector<Asked> make_prompts(std::vector<Row>& rows, const GenerateArguments& arguments,
                                const data::Tokenizer* tokenizer, const model::ModelConfig& config) {
  std::vector<Asked> asked;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].error.empty()) continue;
    try {
      // The line's number keys its samples: they stay the same whatever becomes of other lines.
      data::Prompt prompt = make_prompt(rows[i], static_cast<int64_t>(i), arguments.chat, tokenizer, config.vocab_size);
      check_prompt(prompt.token_ids, arguments.sampling.max_completion_length, config, rows[i].place);
      asked.push_back({i, std::move(prompt)});
    } catch (const InputError& error) {
      rows[i].refuse(error);
    }
  }
  return asked;
}

ordered_json completion_json(const data::Completion& completion, bool has_text) {
  return {{"text", has_text ? ordered_json(completion.text) : ordered_json()},
          {"token_ids", completion.token_ids},
          {"logprobs", completion.policy_logprobs},
          {"finish_reason", data::finish_reason_name(completion.finish_reason)}};
}

ordered_json stats_json(const rollout::EngineStats& stats) {
  const double rate = stats.seconds > 0 ? static_cast<double>(stats.completion_tokens) / stats.seconds : 0;
  return {{"prompt_tokens", stats.prompt_tokens},
          {"completion_tokens", stats.completion_tokens},
          {"seconds", stats.seconds},
          {"completion_tokens_per_second", rate},
          {"peak_rss_bytes", report::peak_rss_bytes()},
          {"steps", stats.steps},
          {"computed_tokens", stats.computed_tokens},
          {"draft_tokens", stats.draft_tokens},
          {"accepted_draft_tokens", stats.accepted_draft_tokens},
          {"preemptions", stats.preemptions},
          {"peak_cache_bytes", stats.peak_cache_bytes}};
}

// Hands the prompts to the engine; what it refuses is its row's error. Leaves those that it took.
void submit_all(rollout::Engine& engine, std::vector<Asked>& asked, std::vector<Row>& rows,
                const GenerateArguments& arguments) {
  std::erase_if(asked, [&](Asked& each) {
    try {
      engine.submit({.prompt = std::move(each.prompt),
                     .params = arguments.sampling,
                     .key = {.seed = arguments.common.seed},
                     .begun = {}});
      return false;
    } catch (const InputError& error) {
      rows[each.row].refuse(error);
      return true;
    }
  });
}

// The answers of the rows that were asked, in their order.
Answers answer_all(std::vector<Asked> asked, std::vector<Row>& rows, const GenerateArguments& arguments,
                   const std::shared_ptr<const data::Tokenizer>& tokenizer, std::stop_token stop) {
  Answers out{.rows = std::vector<ordered_json>(rows.size()), .stats = {}};
  if (asked.empty()) return out;
  const model::Model model = model::load(arguments.model, arguments.common.load());
  rollout::Engine engine(model, tokenizer, arguments.engine.options(arguments.common));
  submit_all(engine, asked, rows, arguments);
  report::Progress progress("generate", std::ssize(asked) * arguments.sampling.num_generations);
  rollout::GenerateOptions options{.stop = std::move(stop)};
  options.progress = [&](int64_t done, int64_t) { progress.update(done); };
  const std::vector<rollout::Answer> answers = engine.run(options);
  for (size_t i = 0; i < asked.size(); ++i) {
    ordered_json& completions = out.rows[asked[i].row] = ordered_json::array();
    for (const data::Completion& completion : answers[i].completions) {
      completions.push_back(completion_json(completion, tokenizer != nullptr));
    }
  }
  out.stats = engine.stats();
  return out;
}

void generate(const GenerateArguments& arguments) {
  if (arguments.common.json) report::Progress::set_enabled(false);
  const StopSignals signals;
  const model::ModelConfig config = describe_config(arguments.model);
  const auto tokenizer = find_tokenizer(arguments.model);
  check_options(arguments.sampling, arguments.engine, config, tokenizer);
  std::vector<Row> rows = read_rows(arguments.files.input, BadLines::kKeep);
  std::vector<Asked> asked = make_prompts(rows, arguments, tokenizer.get(), config);
  Answers answers = answer_all(std::move(asked), rows, arguments, tokenizer, signals.token());
  std::vector<ordered_json> lines;
  for (size_t i = 0; i < rows.size(); ++i) {
    lines.push_back(rows[i].answer());
    if (rows[i].error.empty()) lines.back()["completions"] = std::move(answers.rows[i]);
  }
  write_rows(arguments.files.output, lines);
  if (!arguments.stats.empty()) write_file_atomic(arguments.stats, stats_json(answers.stats).dump() + "\n");
  check_all_answered(arguments.files.input, rows);
}

}  // namespace

void add_generate(Command program) {
  auto arguments = std::make_shared<GenerateArguments>();
  Command verb = program.add_subcommand("generate", "Complete prompts, messages or token ids");
  verb.add_option("model", arguments->model, "model folder").required();
  add_file_options(verb, arguments->files);
  verb.add_option("--num-samples", arguments->sampling.num_generations, "completions a line").positive();
  add_sampling_options(verb, arguments->sampling);
  verb.add_flag("--ignore-eos", arguments->sampling.ignore_eos, "goes on to --max-completion-length");
  verb.add_option("--stop", arguments->sampling.stop, "a string that ends a completion; may be given again")
      .repeatable();
  add_guide_options(verb, arguments->sampling);
  verb.add_flag("--chat", arguments->chat, "puts each prompt through the chat template as the user's message");
  add_engine_options(verb, arguments->engine);
  verb.add_option("--stats", arguments->stats, "writes tokens, seconds and peak memory there");
  add_model_options(verb, arguments->common);
  verb.footer(
      "Each line holds {\"prompt\"}, {\"messages\"} or {\"input_ids\"}. logprobs are natural logarithms under the "
      "model\nitself, before temperature and filters. A line that cannot be answered gets {\"error\"}, the others "
      "their "
      "answers,\nand the exit code is 2.\n"
      "Example:\n  aha generate runs/smoke/02-zero/model --input prompts.jsonl --output completions.jsonl "
      "--num-samples 4");
  verb.callback([arguments] { generate(*arguments); });
}

}  // namespace aha::tools
