// Lays the rows' indices out in one piece of memory, which goes to the device at once.
#include "model/tensor_rows.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/where.h>

#include <algorithm>

namespace aha::model {

namespace {

using at::Tensor;

int64_t run_end(std::span<const DecodeRow> rows, int64_t begin, const RowCost& cost, int64_t most_numbers) {
  int64_t end = begin + 1;
  while (end < std::ssize(rows) && rows[end].pages == rows[begin].pages &&
         (end + 1 - begin) * cost.num_heads * (rows[end].position + 1) <= most_numbers) {
    ++end;
  }
  return end;
}

const DecodeRow& last_row(std::span<const DecodeRow> rows, const RowBlock& block, int64_t sequence) {
  return rows[block.first_row + (sequence + 1) * block.rows_each - 1];
}

int64_t num_tokens(std::span<const DecodeRow> rows, const RowBlock& block) {
  int64_t most = 0;
  for (int64_t s = 0; s < block.num_sequences; ++s) {
    most = std::max<int64_t>(most, last_row(rows, block, s).position + 1);
  }
  return most;
}

int64_t pages_of(int64_t num_tokens) { return (num_tokens + kPageTokens - 1) / kPageTokens; }

/// All numbers of a step on the host, list behind list.
class Layout {
 public:
  Layout(std::span<const DecodeRow> rows, const std::vector<RowBlock>& blocks, int64_t page_slots) {
    for (const DecodeRow& row : rows) numbers_.push_back(row.token);
    for (const DecodeRow& row : rows) numbers_.push_back(row.position);
    for (const DecodeRow& row : rows) {
      numbers_.push_back(row.pages[row.position / kPageTokens] * page_slots + row.position % kPageTokens);
    }
    for (int64_t r = 0; r < std::ssize(rows); ++r) {
      if (rows[r].wants_logits) numbers_.push_back(r);
    }
    num_wanted_ = std::ssize(numbers_) - 3 * std::ssize(rows);
    for (const RowBlock& block : blocks) add_pages(rows, block, page_slots);
  }
  const std::vector<int64_t>& numbers() const { return numbers_; }
  int64_t num_wanted() const { return num_wanted_; }

 private:
  // Of each sequence as many pages as the longest has; those behind its own are seen by none of its rows.
  void add_pages(std::span<const DecodeRow> rows, const RowBlock& block, int64_t page_slots) {
    const int64_t num_pages = pages_of(num_tokens(rows, block));
    for (int64_t s = 0; s < block.num_sequences; ++s) {
      const DecodeRow& row = last_row(rows, block, s);
      const int64_t last = row.position / kPageTokens;
      for (int64_t p = 0; p < num_pages; ++p) numbers_.push_back(row.pages[std::min(p, last)] * page_slots);
    }
  }

  std::vector<int64_t> numbers_;
  int64_t num_wanted_ = 0;
};

/// The same numbers, copied at once and handed out list by list.
class DeviceNumbers {
 public:
  DeviceNumbers(const std::vector<int64_t>& numbers, at::Device device) {
    Tensor on_host = at::empty({std::ssize(numbers)}, at::kLong);
    std::copy(numbers.begin(), numbers.end(), on_host.data_ptr<int64_t>());
    numbers_ = on_host.to(device);
  }
  Tensor next(int64_t count) {
    begin_ += count;
    return numbers_.narrow(0, begin_ - count, count);
  }

 private:
  Tensor numbers_;
  int64_t begin_ = 0;
};

TensorBlock on_device(const RowBlock& block, const Tensor& page_P, const Tensor& position_R, int64_t num_tokens) {
  const auto longs = page_P.options();
  const int64_t num_sequences = block.num_sequences;
  const Tensor index_T = at::arange(num_tokens, longs);
  const Tensor slots = (page_P.view({num_sequences, -1, 1}) + at::arange(kPageTokens, longs)).flatten(1);
  const Tensor slot_ST = slots.narrow(1, 0, num_tokens);
  const Tensor position_SN =
      position_R.narrow(0, block.first_row, block.num_rows()).view({num_sequences, block.rows_each});
  // What nobody has written, or another sequence has, may be no number; times a weight of zero it would still be none.
  const Tensor is_seen_ST = index_T <= position_SN.narrow(1, block.rows_each - 1, 1);
  return {block, at::where(is_seen_ST, slot_ST, slot_ST.narrow(1, 0, 1)), index_T <= position_SN.unsqueeze(2)};
}

}  // namespace

std::vector<RowBlock> cut_blocks(std::span<const DecodeRow> rows, const RowCost& cost, int64_t most_numbers) {
  std::vector<RowBlock> blocks;
  int64_t longest = 0;  // of the last block
  for (int64_t begin = 0; begin < std::ssize(rows);) {
    const int64_t end = run_end(rows, begin, cost, most_numbers), count = end - begin;
    const int64_t length = rows[end - 1].position + 1, together = std::max(longest, length);
    const int64_t width = std::max(cost.slot_width, count * cost.num_heads);
    if (!blocks.empty() && blocks.back().rows_each == count &&
        (blocks.back().num_sequences + 1) * together * width <= most_numbers) {
      ++blocks.back().num_sequences;
      longest = together;
    } else {
      blocks.push_back({begin, 1, count});
      longest = length;
    }
    begin = end;
  }
  return blocks;
}

TensorRowMaker::TensorRowMaker(const ModelConfig& config, const KvCache& cache, int64_t most_numbers)
    : config_(config),
      device_(cache.tensor().device()),
      num_layers_(cache.tensor().size(1)),
      num_positions_(std::min(config.max_position_embeddings, cache.tensor().size(0) * kPageTokens)),
      most_numbers_(most_numbers) {}

void TensorRowMaker::reach(int64_t position) {
  const int64_t known = rope_.cosine_PR.defined() ? rope_.cosine_PR.size(0) : 0;
  if (position < known) return;
  const RopeTensors tables =
      make_rope_tensors(config_, std::min(num_positions_, std::max(position + 1, 2 * known)), at::kFloat);
  rope_ = {tables.cosine_PR.to(device_), tables.sine_PR.to(device_)};
}

TensorRows TensorRowMaker::make(std::span<const DecodeRow> rows) {
  const std::vector<RowBlock> blocks =
      cut_blocks(rows, {config_.cache_width(), config_.num_attention_heads}, most_numbers_);
  const Layout layout(rows, blocks, num_layers_ * kPageTokens);
  DeviceNumbers numbers(layout.numbers(), device_);
  TensorRows out;
  out.token_R = numbers.next(std::ssize(rows));
  out.position_R = numbers.next(std::ssize(rows));
  out.slot_R = numbers.next(std::ssize(rows));
  out.wanted_W = numbers.next(layout.num_wanted());
  for (const RowBlock& block : blocks) {
    const int64_t tokens = num_tokens(rows, block);
    out.blocks.push_back(
        on_device(block, numbers.next(block.num_sequences * pages_of(tokens)), out.position_R, tokens));
  }
  for (const DecodeRow& row : rows) reach(row.position);
  out.cosine_RF = rope_.cosine_PR.index_select(0, out.position_R);
  out.sine_RF = rope_.sine_PR.index_select(0, out.position_R);
  return out;
}

}  // namespace aha::model
