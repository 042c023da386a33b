// `data:` of a stage: a dataset another stage wrote, a file, or a generator of documents; all become sequences.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "aha/core/config_fields.h"
#include "aha/data/corpus.h"
#include "aha/data/example.h"
#include "aha/data/packing.h"
#include "aha/data/tokenizer.h"
#include "pipeline/stage.h"

namespace aha::pipeline {

/// An item that is read: {stage: samples} (or the bare name) or {path: rows.jsonl}.
struct RowsConfig {
  std::string stage, path;
  double weight = 1.0;
  int64_t max_examples = 0;

  template <class Fields>
  void visit(Fields& field) {
    field("stage", stage, "a rejection_sampling stage above");
    field("path", path, "JSONL file of text, messages, or prompt and completion");
    field("weight", weight, "passes over these rows per epoch, or share of endless data", above(0));
    field("max_examples", max_examples, "uses this many rows only; 0: all", at_least(0));
  }
};

/// An item that is made: {generator: corpus, …}.
struct GeneratorConfig {
  std::string generator;
  double weight = 1.0;
  int64_t max_examples = 0;
  data::CorpusConfig corpus;

  template <class Fields>
  void visit(Fields& field) {
    field("generator", generator, "makes documents: corpus", one_of({"corpus"}));
    field("weight", weight, "passes over these documents per epoch, or share of endless data", above(0));
    field("max_examples", max_examples, "documents it has; 0: endless", at_least(0));
    corpus.visit(field);
  }
};

/// One item of `data:`; exactly one of the two is set.
struct DataItem {
  std::optional<RowsConfig> rows;
  std::optional<GeneratorConfig> generator;
  double weight() const { return rows ? rows->weight : generator->weight; }
};

/// Reads each raw item strictly by its own kind and writes the resolved form back.
std::vector<DataItem> read_data_items(std::vector<ConfigTree>& items, const std::string& path, ConfigErrors& errors);
void add_data_inputs(const std::vector<DataItem>& items, const std::string& path, StageInputs& inputs);

/// How text becomes a sequence, and which of its tokens are learned. Names are TRL's; its defaults differ in two: chats
/// are learned whole there, and longer rows lose their end unsaid, which often is the answer.
struct SequenceOptions {
  std::string template_name = "plain";
  bool completion_only_loss = true;
  bool assistant_only_loss = true;
  int64_t max_length = 0;  // 0: any
  std::string truncation_mode = "refuse";

  template <class Fields>
  void visit(Fields& field) {
    field("completion_only_loss", completion_only_loss, "whether prompts are given, not learned");
    field("assistant_only_loss", assistant_only_loss,
          "whether of messages only the assistant's are learned; else their frame and the others' too");
    field("max_length", max_length, "tokens of a row, its end token included; 0: the model's context", at_least(0));
    field("truncation_mode", truncation_mode,
          "rows that are longer: refuse them, keep_start (cut the rest off), or drop them; the latter two are counted",
          one_of({"refuse", "keep_start", "drop"}));
  }
};
/// The same for a model of that context. @throws ConfigError "max_length" if it is longer than the context
SequenceOptions within_context(SequenceOptions options, int64_t max_position_embeddings);

/// Sequences by number. A finite source has `size` of them; an endless one (size 0) one for any index.
class DataSource {
 public:
  virtual ~DataSource() = default;
  virtual int64_t size() const = 0;
  virtual data::TrainingSequence sequence(uint64_t index) const = 0;
};

/// A source and its weight in a mixture.
struct WeightedSource {
  std::unique_ptr<DataSource> source;
  double weight = 1.0;
};

/// @throws InputError naming file and row for a row that teaches nothing or is too long
std::vector<WeightedSource> open_data_sources(const std::vector<DataItem>& items, const StageContext& context,
                                              uint64_t seed, const SequenceOptions& options);

/// Sequences of rows under the same rules. `place` is what errors call them.
std::unique_ptr<DataSource> make_rows_source(const std::vector<data::Example>& rows, const std::string& place,
                                             const data::Tokenizer& tokenizer, const SequenceOptions& options);

/// A document as a sequence: the loss falls on the completion and the end token that follows it.
data::TrainingSequence sequence_of_document(const data::Document& document, const data::Tokenizer& tokenizer,
                                            bool completion_only_loss);
/// Text is learned whole, a prompt's completion with its end token, of a chat what the options say: of a row of prompt
/// and completion messages at most the completion's. @throws InputError for such a row whose prompt the chat template
/// writes differently once the completion follows
data::TrainingSequence sequence_of_example(const data::Example& example, const std::string& place,
                                           const data::Tokenizer& tokenizer, const SequenceOptions& options);

/// The order in which `size` items are visited in pass `epoch`: counted, so that nothing of it needs saving.
std::vector<int64_t> permutation(uint64_t seed, const std::string& purpose, uint64_t epoch, int64_t size);

}  // namespace aha::pipeline
