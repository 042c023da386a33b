// Walks the sorted choices together with the vocabulary.
#include "rollout/choice_constraint.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "aha/core/error.h"
#include "rollout/vocabulary.h"

namespace aha::rollout {

namespace {

constexpr size_t kMaxBytes = 200'000;

[[noreturn]] void refuse(size_t index, const char* sentence) {
  throw ConfigError(fmt::format("guided_choice.{}", index), sentence);
}

// Indices of the choices in order of their bytes.
std::vector<size_t> sorted_indices(const std::vector<std::string>& choices) {
  std::vector<size_t> order(choices.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return choices[a] < choices[b]; });
  return order;
}

size_t shared_bytes(const std::string& a, const std::string& b) {
  return static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

// By position: whether tokens lead from there to the text's end. `may_stop` says so of the end itself.
std::vector<uint8_t> ways_out(const std::string& text, bool may_stop, const Vocabulary::Tables& tables,
                              const std::vector<uint8_t>& is_banned) {
  std::vector<uint8_t> leads(text.size() + 1);
  leads[text.size()] = may_stop;
  for (size_t at = text.size(); at-- > 0;) {
    const auto step = [&](size_t& place, uint8_t byte) {
      return place < text.size() && static_cast<uint8_t>(text[place++]) == byte;
    };
    tables.trie(/*is_first=*/at == 0).walk(at, step, [&](size_t place, std::span<const int32_t> tokens) {
      const bool has_token =
          std::any_of(tokens.begin(), tokens.end(), [&](int32_t token) { return !is_banned[token]; });
      leads[at] |= has_token && leads[place];
    });
  }
  return leads;
}

}  // namespace

Choices::Choices(const std::vector<std::string>& choices, const Vocabulary::Tables& tables,
                 const std::vector<int64_t>& banned) {
  size_t bytes = 0;
  for (size_t i = 0; i < choices.size(); ++i) {
    if (choices[i].empty()) refuse(i, "is empty; write a text");
    bytes += choices[i].size();
  }
  if (bytes > kMaxBytes) throw ConfigError("guided_choice", "has over 200 kB of text; give fewer or shorter choices");
  const std::vector<size_t> order = sorted_indices(choices);
  offsets_.push_back(0);
  for (size_t i = 0; i < order.size(); ++i) {
    if (i > 0 && choices[order[i]] == texts_.back()) refuse(order[i], "is there twice; write it once");
    texts_.push_back(choices[order[i]]);
    offsets_.push_back(offsets_.back() + std::ssize(texts_.back()) + 1);
  }
  std::vector<uint8_t> is_banned(tables.texts.later.size());
  for (const int64_t token : banned) {
    if (token >= 0 && token < std::ssize(is_banned)) is_banned[token] = 1;
  }
  has_way_out_.resize(offsets_.back());
  find_ways_out(tables, is_banned, order);
}

// Texts that begin alike share what is noted of their common beginning; it stands with the first of them.
void Choices::find_ways_out(const Vocabulary::Tables& tables, const std::vector<uint8_t>& is_banned,
                            const std::vector<size_t>& order) {
  const bool has_end =
      std::any_of(tables.ends.begin(), tables.ends.end(), [&](int32_t end) { return !is_banned[end]; });
  std::vector<size_t> owner;  // by position
  for (size_t i = 0; i < texts_.size(); ++i) {
    const size_t shared = i == 0 ? 0 : shared_bytes(texts_[i - 1], texts_[i]);
    owner.resize(i == 0 ? 0 : shared + 1);
    owner.resize(texts_[i].size() + 1, i);
    const bool goes_on = i + 1 < texts_.size() && texts_[i + 1].starts_with(texts_[i]);
    const std::vector<uint8_t> leads = ways_out(texts_[i], has_end || !goes_on, tables, is_banned);
    if (!leads[0]) refuse(order[i], "cannot be spelled by the tokens of this vocabulary that may be drawn");
    for (size_t at = 0; at < leads.size(); ++at) has_way_out_[offsets_[owner[at]] + at] |= leads[at];
  }
}

bool Choices::read_byte(State& state, uint8_t byte) const {
  const auto at = static_cast<size_t>(state.position);
  const auto begin = texts_.begin() + state.begin + may_end(state), end = texts_.begin() + state.end;
  const auto byte_of = [at](const std::string& text) { return static_cast<uint8_t>(text[at]); };
  const auto low = std::partition_point(begin, end, [&](const std::string& text) { return byte_of(text) < byte; });
  const auto high = std::partition_point(low, end, [&](const std::string& text) { return byte_of(text) == byte; });
  state = {static_cast<int32_t>(low - texts_.begin()), static_cast<int32_t>(high - texts_.begin()), state.position + 1};
  return low != high;
}

ChoiceConstraint::ChoiceConstraint(std::shared_ptr<const Vocabulary> vocabulary, std::shared_ptr<const Choices> choices)
    : vocabulary_(std::move(vocabulary)),
      tables_(*vocabulary_->tables()),
      choices_(std::move(choices)),
      state_(choices_->start()) {}

void ChoiceConstraint::allow(std::span<uint8_t> allowed_V) {
  std::fill(allowed_V.begin(), allowed_V.end(), uint8_t{0});
  tables_.trie(state_.position == 0)
      .walk(
          state_, [this](Choices::State& state, uint8_t byte) { return choices_->read_byte(state, byte); },
          [&](const Choices::State& state, std::span<const int32_t> tokens) {
            if (!choices_->has_way_out(state)) return;
            for (const int32_t token : tokens) allowed_V[token] = 1;
          });
  if (choices_->may_end(state_)) tables_.allow_ends(allowed_V);
}

void ChoiceConstraint::accept(int32_t token) {
  if (tables_.is_end(token) && choices_->may_end(state_)) {
    is_ended_ = true;
    return;
  }
  bool fits = token >= 0 && token < tables_.texts.later.size();
  if (fits) {
    const std::string_view bytes = tables_.bytes(state_.position == 0).of(token);
    fits = !bytes.empty();
    for (size_t i = 0; fits && i < bytes.size(); ++i)
      fits = choices_->read_byte(state_, static_cast<uint8_t>(bytes[i]));
  }
  if (!fits) {
    throw InputError("guided_choice", fmt::format("token {} does not go on with any of the choices", token));
  }
}

}  // namespace aha::rollout
