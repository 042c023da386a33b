// One entry of `rewards:`: a rule by name, its weight, and the options of its kind.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aha/core/config_fields.h"

namespace aha::reward {

/// Verifiers that run a program: code, command.
struct LimitOptions {
  std::optional<double> timeout_seconds;  // by the clock; each verifier has a default of its own
  std::optional<int64_t> memory_mb;
  template <class Fields>
  void visit(Fields& field) {
    field("timeout_seconds", timeout_seconds, "code: of one test, default 6 · command: of a batch, default 60",
          above(0));
    field("memory_mb", memory_mb, "code: of one test, default 512 · command: address space, default no limit",
          at_least(16));
  }
  bool operator==(const LimitOptions&) const = default;
};

/// Verifier `code`: programs judged by tests in the sandbox.
struct CodeOptions {
  std::string programming_language = "python";  // where neither the row nor the code block says another
  bool partial_credit = false;                  // the share of tests passed in place of all or nothing
  bool allow_landlock = false;                  // accept the isolation without user namespaces (see `aha doctor`)
  template <class Fields>
  void visit(Fields& field) {
    field("programming_language", programming_language, "code: where neither the row nor the code block tells",
          one_of({"python", "c", "cpp"}));
    field("partial_credit", partial_credit, "code: the share of tests passed, in place of all or nothing");
    field("allow_landlock", allow_landlock, "code: accept a machine that isolates by Landlock alone");
  }
  bool operator==(const CodeOptions&) const = default;
};

/// Verifiers that shape what a completion looks like: length, overlong, repetition, cosine.
struct ShapingOptions {
  int64_t min_length = 0;     // tokens
  int64_t max_length = 0;     // tokens; 0: no bound where the rule allows that
  int64_t cache_length = 0;   // overlong: the last tokens of max_length over which the reward falls from 0 to -1
  int64_t ngram_size = 3;     // repetition: words
  double max_penalty = -1.0;  // repetition
  template <class Fields>
  void visit(Fields& field) {
    field("min_length", min_length, "length: shortest completion in tokens", at_least(0));
    field("max_length", max_length, "length, overlong, cosine: longest completion in tokens", at_least(0));
    field("cache_length", cache_length, "overlong: last tokens of max_length, over which it falls from 0 to -1",
          at_least(0));
    field("ngram_size", ngram_size, "repetition: words that count as repeated together", between(1, 100));
    field("max_penalty", max_penalty, "repetition: reward where everything is repeated", between(-1e6, 0));
  }
  bool operator==(const ShapingOptions&) const = default;
};

/// Verifiers that ask a model: reward_model, judge.
struct JudgeOptions {
  std::string model;                         // a stage's name, or a model's folder
  std::string part = "response";             // what is judged: response | reasoning | summary
  std::optional<std::string> template_name;  // how it reads a problem: plain | r1_zero | chat
  std::string instructions;                  // judge: the prompt's text, or empty for ours
  std::string comparison = "pointwise";      // judge: pointwise | pairwise (in the group, both orders)
  int64_t num_votes = 1;                     // judge: answers asked for; the mean counts
  int64_t max_judge_length = 256;            // judge: new tokens of an answer
  template <class Fields>
  void visit(Fields& field) {
    field("model", model, "reward_model, judge: a stage's name, or a model's folder");
    field("part", part, "reward_model, judge: what of the completion is judged",
          one_of({"response", "reasoning", "summary"}));
    field("template", template_name,
          "reward_model: how it reads a problem, default that of the stage that trained it · judge: how it reads its "
          "instructions, default chat where its tokenizer has a chat format, else plain",
          one_of({"plain", "r1_zero", "chat"}));
    field(
        "instructions", instructions,
        "judge: its prompt, with {prompt}, {answer} and {response}, pairwise {response_a} and {response_b} filled in");
    field("comparison", comparison, "judge: a grade of each completion, or of each pair in both orders",
          one_of({"pointwise", "pairwise"}));
    field("num_votes", num_votes, "judge: answers asked for; their mean counts", at_least(1));
    field("max_judge_length", max_judge_length, "judge: longest answer in tokens", at_least(1));
  }
  bool operator==(const JudgeOptions&) const = default;
};

/// Verifier `command`: a program of one's own.
struct CommandOptions {
  std::vector<std::string> command;  // argv; no shell
  template <class Fields>
  void visit(Fields& field) {
    field("command", command, "command: a program and its arguments; runs only with --allow-commands");
  }
  bool operator==(const CommandOptions&) const = default;
};

/// Verifier `json`.
struct JsonOptions {
  std::string schema;  // file with a JSON schema; a row's column `schema` goes before it
  template <class Fields>
  void visit(Fields& field) {
    field("schema", schema, "json: file with the JSON schema, where the row has no column `schema`");
  }
  bool operator==(const JsonOptions&) const = default;
};

/// Verifier `format`.
struct FormatOptions {
  std::string layout = "think_answer";  // think_answer: both pairs of tags · think: reasoning, then anything
  template <class Fields>
  void visit(Fields& field) {
    field("layout", layout, "format: <think>…</think><answer>…</answer>, or <think>…</think> and a reply",
          one_of({"think_answer", "think"}));
  }
  bool operator==(const FormatOptions&) const = default;
};

/// Verifier `instruction`.
struct InstructionOptions {
  bool loose = false;  // IFEval's loose accuracy in place of the strict one
  template <class Fields>
  void visit(Fields& field) {
    field("loose", loose, "instruction: without first or last line or asterisks counts too");
  }
  bool operator==(const InstructionOptions&) const = default;
};

/// One entry of `rewards:`. A bare name means its last definition in the recipe, else these defaults.
struct RewardConfig {
  std::string name = {};      // accuracy, format, language_consistency, or one's own name with `verifier`
  std::string verifier = {};  // one of verifier_names(); empty: by name (accuracy = math)
  double weight = 1.0;
  double max_error_rate = 0.1;  // share of a step's completions that may go unjudged by failure
  std::string watch = {};       // a verifiable reward that must not fall while this one rises
  LimitOptions limits = {};
  CodeOptions code = {};
  ShapingOptions shaping = {};
  JudgeOptions judge = {};
  CommandOptions command = {};
  JsonOptions json = {};
  FormatOptions format = {};
  InstructionOptions instruction = {};
  template <class Fields>
  void visit(Fields& field) {
    field("name", name, "name in the metrics: rewards/<name>/mean", required());
    field("verifier", verifier, "rule that judges; aha verify --help lists them");
    field("weight", weight, "factor in the total reward", any());
    field("max_error_rate", max_error_rate, "share of a step's completions it may fail on before the run stops",
          between(0, 1));
    field("watch", watch, "learned rewards: the reward whose held-out mean must not fall while this one rises");
    limits.visit(field);
    code.visit(field);
    shaping.visit(field);
    judge.visit(field);
    command.visit(field);
    json.visit(field);
    format.visit(field);
    instruction.visit(field);
  }
};

}  // namespace aha::reward
