// Opens datasets and generators and turns their rows into token sequences with loss weights.
#include "pipeline/data_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "aha/core/error.h"
#include "aha/core/log.h"
#include "aha/core/random.h"
#include "aha/data/jsonl.h"
#include "aha/data/template.h"

namespace aha::pipeline {
namespace {

DataItem read_item(const ConfigTree& tree, const std::string& path, ConfigErrors& errors) {
  DataItem item;
  if (tree.is_string()) {
    item.rows.emplace();
    item.rows->stage = std::get<std::string>(tree.value());
  } else if (tree.find("generator")) {
    item.generator.emplace();
    read_config(tree, path, *item.generator, errors);
  } else {
    item.rows.emplace();
    const bool fitted = read_config(tree, path, *item.rows, errors);
    if (fitted && item.rows->stage.empty() == item.rows->path.empty()) {
      errors.add(path, "needs one of `stage`, `path` and `generator`");
    }
  }
  return item;
}

void check_generator(const GeneratorConfig& config, const std::string& path, ConfigErrors& errors) {
  const std::vector<std::string> known = data::task_names();
  if (config.corpus.tasks.empty()) errors.add(path + ".tasks", "is empty; name at least one generator");
  for (size_t i = 0; i < config.corpus.tasks.size(); ++i) {
    const std::string& task = config.corpus.tasks[i];
    if (std::find(known.begin(), known.end(), task) != known.end()) continue;
    const std::string hint = did_you_mean(task, known);
    errors.add(path + ".tasks." + std::to_string(i),
               "no generator is called `" + task + "`" + (hint.empty() ? "" : "; " + hint));
  }
  if (config.corpus.direct + config.corpus.worked + config.corpus.checked <= 0) {
    errors.add(path, "direct, worked and checked are all 0; a document needs a style");
  }
}

class CorpusSource final : public DataSource {
 public:
  CorpusSource(const GeneratorConfig& config, const StageContext& context, uint64_t seed, bool completion_only_loss)
      : corpus_(config.corpus, seed),
        size_(config.max_examples),
        tokenizer_(context.tokenizer),
        completion_only_loss_(completion_only_loss) {}
  int64_t size() const override { return size_; }
  data::TrainingSequence sequence(uint64_t index) const override {
    return sequence_of_document(corpus_.document(index), *tokenizer_, completion_only_loss_);
  }

 private:
  data::Corpus corpus_;
  int64_t size_;
  std::shared_ptr<const data::Tokenizer> tokenizer_;
  bool completion_only_loss_;
};

bool teaches(const data::TrainingSequence& sequence) {
  return std::any_of(sequence.weights.begin(), sequence.weights.end(), [](float weight) { return weight > 0; });
}

class RowsSource final : public DataSource {
 public:
  RowsSource(const std::vector<data::Example>& rows, const std::string& place, const data::Tokenizer& tokenizer,
             const SequenceOptions& options) {
    for (size_t i = 0; i < rows.size(); ++i) {
      const std::string row = fmt::format("{}: row {}", place, i + 1);
      add(sequence_of_example(rows[i], row, tokenizer, options), row, options);
    }
    if (num_long_ > 0) {
      log::warning(fmt::format("{}: {} of {} rows are longer than {} tokens; {} were cut off, {} dropped", place,
                               num_long_, rows.size(), options.max_length, num_long_ - num_dropped_, num_dropped_));
    }
    if (sequences_.empty()) throw InputError(place, "has no rows to learn from");
  }
  int64_t size() const override { return std::ssize(sequences_); }
  data::TrainingSequence sequence(uint64_t index) const override { return sequences_.at(index); }

 private:
  void add(data::TrainingSequence sequence, const std::string& place, const SequenceOptions& options) {
    if (!teaches(sequence)) {
      throw InputError(place, "has nothing to learn; it needs text, a completion or an assistant message");
    }
    if (options.max_length > 0 && std::ssize(sequence.token_ids) > options.max_length) {
      if (options.truncation_mode == "refuse") {
        throw InputError(place, fmt::format("is {} tokens long, {} are allowed; shorten or drop the row, or set "
                                            "truncation_mode to keep_start or drop",
                                            sequence.token_ids.size(), options.max_length));
      }
      ++num_long_;
      sequence.token_ids.resize(static_cast<size_t>(options.max_length));
      sequence.weights.resize(sequence.token_ids.size());
      // What is left may be prompt alone.
      if (options.truncation_mode == "drop" || !teaches(sequence)) {
        ++num_dropped_;
        return;
      }
    }
    sequences_.push_back(std::move(sequence));
  }

  std::vector<data::TrainingSequence> sequences_;
  int64_t num_long_ = 0, num_dropped_ = 0;
};

data::TrainingSequence join(const std::vector<int32_t>& prompt, const std::vector<int32_t>& completion,
                            int32_t end_token, bool completion_only_loss) {
  data::TrainingSequence sequence{.token_ids = prompt, .weights = {}};
  sequence.token_ids.insert(sequence.token_ids.end(), completion.begin(), completion.end());
  sequence.token_ids.push_back(end_token);
  sequence.weights.assign(sequence.token_ids.size(), 1.0f);
  if (completion_only_loss) std::fill_n(sequence.weights.begin(), prompt.size(), 0.0f);
  sequence.weights.front() = 0.0f;
  return sequence;
}

// Messages of the row's prompt, where prompt and completion are both chats; else 0.
size_t num_prompt_messages(const data::Example& example) {
  const auto prompt = example.columns.find("prompt");
  const auto completion = example.columns.find("completion");
  const bool are_chats = prompt != example.columns.end() && prompt->is_array() && completion != example.columns.end();
  return are_chats ? prompt->size() : 0;
}

// Tokens that the prompt and its generation prompt have in common with the whole chat.
size_t num_prompt_tokens(const data::Example& example, const data::RenderedChat& chat, const std::string& place,
                         const data::Tokenizer& tokenizer) {
  const auto end = example.messages.begin() + static_cast<ptrdiff_t>(num_prompt_messages(example));
  const std::vector<data::Message> messages(example.messages.begin(), end);
  if (messages.empty()) return 0;
  if (!chat.text.starts_with(tokenizer.render_chat(messages, /*add_generation_prompt=*/false, example.tools).text)) {
    throw InputError(place,
                     "the chat template writes the prompt differently once the completion follows, so that it is not "
                     "clear where the completion begins; set completion_only_loss to false");
  }
  const auto prompt = tokenizer.render_chat(messages, /*add_generation_prompt=*/true, example.tools).token_ids;
  const auto last = std::mismatch(prompt.begin(), prompt.end(), chat.token_ids.begin(), chat.token_ids.end()).first;
  return static_cast<size_t>(last - prompt.begin());
}

data::TrainingSequence sequence_of_chat(const data::Example& example, const std::string& place,
                                        const data::Tokenizer& tokenizer, const SequenceOptions& options) {
  data::RenderedChat chat = tokenizer.render_chat(example.messages, /*add_generation_prompt=*/false, example.tools);
  data::TrainingSequence sequence;
  for (const int32_t is_assistant : chat.assistant_mask) {
    sequence.weights.push_back(options.assistant_only_loss ? static_cast<float>(is_assistant) : 1.0f);
  }
  const size_t given = options.completion_only_loss ? num_prompt_tokens(example, chat, place, tokenizer) : 0;
  std::fill_n(sequence.weights.begin(), given, 0.0f);
  if (!sequence.weights.empty()) sequence.weights.front() = 0.0f;
  sequence.token_ids = std::move(chat.token_ids);
  return sequence;
}

std::unique_ptr<DataSource> open_source(const DataItem& item, const StageContext& context, uint64_t seed,
                                        const SequenceOptions& options) {
  if (item.generator) {
    return std::make_unique<CorpusSource>(*item.generator, context, seed, options.completion_only_loss);
  }
  const fs::path file =
      item.rows->stage.empty() ? fs::path(item.rows->path) : context.folder_of(item.rows->stage) / "dataset.jsonl";
  std::vector<data::Example> rows = data::load_examples(file);
  const auto most = static_cast<size_t>(item.rows->max_examples);
  if (most > 0 && rows.size() > most) rows.resize(most);
  return make_rows_source(rows, file.string(), *context.tokenizer, options);
}

}  // namespace

std::vector<DataItem> read_data_items(std::vector<ConfigTree>& items, const std::string& path, ConfigErrors& errors) {
  std::vector<DataItem> read;
  for (size_t i = 0; i < items.size(); ++i) {
    const std::string item_path = path + "." + std::to_string(i);
    DataItem item = read_item(items[i], item_path, errors);
    if (item.generator) check_generator(*item.generator, item_path, errors);
    items[i] = item.generator ? config_to_tree(*item.generator) : config_to_tree(*item.rows);
    read.push_back(std::move(item));
  }
  return read;
}

void add_data_inputs(const std::vector<DataItem>& items, const std::string& path, StageInputs& inputs) {
  for (size_t i = 0; i < items.size(); ++i) {
    if (!items[i].rows) continue;
    const std::string item = path + "." + std::to_string(i);
    const RowsConfig& rows = *items[i].rows;
    if (!rows.stage.empty()) inputs.stages.push_back({item, rows.stage, Artifact::kDataset, "data"});
    if (!rows.path.empty()) inputs.files.push_back({item + ".path", rows.path});
  }
}

data::TrainingSequence sequence_of_document(const data::Document& document, const data::Tokenizer& tokenizer,
                                            bool completion_only_loss) {
  return join(tokenizer.encode_prompt(document.prompt), tokenizer.encode(document.completion),
              tokenizer.eos_ids().front(), completion_only_loss);
}

data::TrainingSequence sequence_of_example(const data::Example& example, const std::string& place,
                                           const data::Tokenizer& tokenizer, const SequenceOptions& options) {
  const int32_t end_token = tokenizer.eos_ids().front();
  if (!example.text.empty()) {
    return join({}, tokenizer.encode_prompt(example.text), end_token, options.completion_only_loss);
  }
  if (!example.messages.empty() && example.completion.empty()) {
    return sequence_of_chat(example, place, tokenizer, options);
  }
  if (example.completion.empty()) return {.token_ids = {end_token}, .weights = {0.0f}};
  const data::Prompt prompt = data::make_prompt(example, 0, options.template_name, tokenizer);
  return join(prompt.token_ids, tokenizer.encode(example.completion), end_token, options.completion_only_loss);
}

std::unique_ptr<DataSource> make_rows_source(const std::vector<data::Example>& rows, const std::string& place,
                                             const data::Tokenizer& tokenizer, const SequenceOptions& options) {
  return std::make_unique<RowsSource>(rows, place, tokenizer, options);
}

std::vector<WeightedSource> open_data_sources(const std::vector<DataItem>& items, const StageContext& context,
                                              uint64_t seed, const SequenceOptions& options) {
  std::vector<WeightedSource> sources;
  for (const DataItem& item : items) sources.push_back({open_source(item, context, seed, options), item.weight()});
  return sources;
}

SequenceOptions within_context(SequenceOptions options, int64_t max_position_embeddings) {
  if (options.max_length > max_position_embeddings) {
    throw ConfigError("max_length", fmt::format("is {}, but the model's context is {} tokens", options.max_length,
                                                max_position_embeddings));
  }
  if (options.max_length == 0) options.max_length = max_position_embeddings;
  return options;
}

std::vector<int64_t> permutation(uint64_t seed, const std::string& purpose, uint64_t epoch, int64_t size) {
  std::vector<int64_t> order(size);
  std::iota(order.begin(), order.end(), 0);
  Random(seed, purpose, {epoch}).shuffle(order);
  return order;
}

}  // namespace aha::pipeline
