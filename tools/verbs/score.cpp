// aha score: log-probabilities of given texts. A line that cannot be scored does not harm the others.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>

#include <atomic>
#include <memory>

#include "aha/core/error.h"
#include "aha/data/packing.h"
#include "aha/ops/parallel.h"
#include "verbs/json_rows.h"
#include "verbs/model_options.h"
#include "verbs/verbs.h"

namespace aha::tools {
namespace {

constexpr int64_t kTokensPerPack = 2048;

struct ScoreArguments {
  std::filesystem::path model;
  FileOptions files;
  ModelOptions common;
};

struct ScoredSequence {
  size_t row = 0;
  std::vector<int32_t> token_ids;
  int64_t first = 1;  // the first token whose log-probability is asked for
  std::vector<float> logprobs;
};

ScoredSequence make_sequence(const Row& row, const data::Tokenizer* tokenizer, const model::ModelConfig& config) {
  ScoredSequence sequence;
  if (row.find("input_ids")) {
    sequence.token_ids = row.token_ids("input_ids", config.vocab_size);
  } else if (!row.find("text") && !row.find("completion")) {
    throw InputError(row.place, "has none of `input_ids`, `text`, and `prompt` with `completion`");
  } else if (!tokenizer) {
    throw InputError(row.place, "is text, but the model folder has no tokenizer; give `input_ids`");
  } else if (row.find("text")) {
    sequence.token_ids = tokenizer->encode_prompt(row.text("text"));
  } else {
    sequence.token_ids = tokenizer->encode_prompt(row.text("prompt"));
    if (sequence.token_ids.empty())
      throw InputError(row.place, "`prompt` is empty: nothing tells its completion's start");
    sequence.first = std::ssize(sequence.token_ids);
    const std::vector<int32_t> completion = tokenizer->encode(row.text("completion"));
    sequence.token_ids.insert(sequence.token_ids.end(), completion.begin(), completion.end());
  }
  for (const int32_t id : sequence.token_ids) {
    if (id < config.vocab_size) continue;  // tokenizer and model may disagree
    throw InputError(row.place,
                     fmt::format("token id {} is outside the model's vocabulary of {}", id, config.vocab_size));
  }
  if (std::ssize(sequence.token_ids) > config.max_position_embeddings) {
    throw InputError(row.place, fmt::format("has {} tokens, but the model's context is {}", sequence.token_ids.size(),
                                            config.max_position_embeddings));
  }
  return sequence;
}

// Row t of the hidden states predicts token t + 1 of the same sequence.
void score_pack(const model::Model& model, const std::vector<ScoredSequence*>& pack) {
  std::vector<const std::vector<int32_t>*> ids;
  std::vector<int64_t> rows, targets;
  int64_t offset = 0;
  for (const ScoredSequence* sequence : pack) {
    ids.push_back(&sequence->token_ids);
    for (int64_t t = sequence->first; t < std::ssize(sequence->token_ids); ++t) {
      rows.push_back(offset + t - 1);
      targets.push_back(sequence->token_ids[t]);
    }
    offset += std::ssize(sequence->token_ids);
  }
  const at::Tensor hidden_TD = model.forward(model::pack_tokens(ids)).hidden_TD.index_select(0, at::tensor(rows));
  const at::Tensor logprob_T = model.score(hidden_TD, at::tensor(targets)).logprob_T.to(at::kFloat).contiguous();
  const float* values = logprob_T.const_data_ptr<float>();
  for (ScoredSequence* sequence : pack) {
    const float* end = values + (std::ssize(sequence->token_ids) - sequence->first);
    sequence->logprobs.assign(values, end);
    values = end;
  }
}

void score_all(const model::Model& model, std::vector<ScoredSequence>& sequences, int num_threads) {
  std::vector<ScoredSequence*> scored;
  std::vector<int64_t> lengths;
  for (ScoredSequence& sequence : sequences) {
    if (std::ssize(sequence.token_ids) <= sequence.first) continue;
    scored.push_back(&sequence);
    lengths.push_back(std::ssize(sequence.token_ids));
  }
  const auto packs = data::pack_by_tokens(lengths, kTokensPerPack);
  std::atomic<size_t> next = 0;
  ops::run_workers(num_threads, [&](int) {
    const at::NoGradGuard no_grad;
    for (size_t i = next++; i < packs.size(); i = next++) {
      std::vector<ScoredSequence*> pack;
      for (const int64_t index : packs[i]) pack.push_back(scored[index]);
      score_pack(model, pack);
    }
  });
}

std::vector<ScoredSequence> make_sequences(std::vector<Row>& rows, const data::Tokenizer* tokenizer,
                                           const model::ModelConfig& config) {
  std::vector<ScoredSequence> sequences;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].error.empty()) continue;
    try {
      sequences.push_back(make_sequence(rows[i], tokenizer, config));
      sequences.back().row = i;
    } catch (const InputError& error) {
      rows[i].refuse(error);
    }
  }
  return sequences;
}

void score(const ScoreArguments& arguments) {
  if (arguments.common.device == "cuda") {
    throw MissingError("--device cuda writes text but does not score it; use --device cpu");
  }
  const model::ModelConfig config = describe_config(arguments.model);
  const auto tokenizer = find_tokenizer(arguments.model);
  std::vector<Row> rows = read_rows(arguments.files.input, BadLines::kKeep);
  std::vector<ScoredSequence> sequences = make_sequences(rows, tokenizer.get(), config);
  if (!sequences.empty()) {
    const model::Model model = model::load(arguments.model, arguments.common.load());
    score_all(model, sequences, arguments.common.num_threads());
  }
  std::vector<nlohmann::ordered_json> answers;
  for (const Row& row : rows) answers.push_back(row.answer());
  for (const ScoredSequence& sequence : sequences) answers[sequence.row]["logprobs"] = sequence.logprobs;
  write_rows(arguments.files.output, answers);
  check_all_answered(arguments.files.input, rows);
}

}  // namespace

void add_score(Command program) {
  auto arguments = std::make_shared<ScoreArguments>();
  Command verb = program.add_subcommand("score", "Log-probabilities of given tokens");
  verb.add_option("model", arguments->model, "model folder").required();
  add_file_options(verb, arguments->files);
  add_model_options(verb, arguments->common);
  verb.footer(
      "Each line holds {\"input_ids\"}, {\"text\"} or {\"prompt\", \"completion\"}. logprobs are natural logarithms of "
      "every\ntoken after the first; for the last form, of the completion's tokens. A line that cannot be scored gets "
      "{\"error\"}.\n"
      "Example:\n  aha score runs/smoke/02-zero/model --input texts.jsonl --output logprobs.jsonl");
  verb.callback([arguments] { score(*arguments); });
}

}  // namespace aha::tools
