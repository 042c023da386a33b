// Blocks of rows against the pages they share; sums run over the tokens in order, whatever the pages are.
#include "model/decode_paged_attention.h"

#include "aha/ops/cpu_gemm.h"
#include "aha/ops/cpu_math.h"

namespace aha::model {

namespace {

// The core brings cache lines in pairs where it is asked for one, at least from memory: half the questions do.
constexpr int64_t kPrefetchBytes = 128;

int64_t round_up(int64_t num_tokens) { return (num_tokens + kScoreAlign - 1) / kScoreAlign * kScoreAlign; }

}  // namespace

PagedAttention::PagedAttention(const PagedShape& shape, int64_t layer, const AttentionTile& tile,
                               const DecodePart& part)
    : shape_(shape), layer_(layer), tile_(tile), part_(part), rows_(part.rows) {}

void PagedAttention::run() {
  for (int64_t row = tile_.row_begin; row < tile_.row_end && tile_.num_heads() > 0;) {
    const int64_t end = block_end(row);
    attend(row, end);
    row = end;
  }
}

// Rows that start on the same page - a prompt's, or the samples of one - go through it together; others alone, so
// that what a row has read is still near when its values are summed.
int64_t PagedAttention::block_end(int64_t begin) const {
  int64_t end = begin + 1, num_tokens = rows_[begin].position + 1;
  while (end < tile_.row_end && rows_[end].pages[0] == rows_[begin].pages[0]) {
    num_tokens = std::max<int64_t>(num_tokens, rows_[end].position + 1);
    if ((end + 1 - begin) * tile_.num_heads() * round_up(num_tokens) > kScoreFloats) break;
    ++end;
  }
  return end;
}

// All heads of the rows against their pages. Scores are also worked out for slots a row does not see, and ignored.
void PagedAttention::attend(int64_t begin, int64_t end) {
  int64_t num_tokens = 0;
  for (int64_t row = begin; row < end; ++row) num_tokens = std::max<int64_t>(num_tokens, rows_[row].position + 1);
  const Block block{begin, end, num_tokens, round_up(num_tokens)};
  Run next{};
  for (int64_t first = 0; first < num_tokens; first += kPageTokens) {
    for_runs(block, first, [&](const Run& run) {
      prefetch(run);
      if (next.count > 0) score(block, next);
      next = run;
    });
  }
  if (end < tile_.row_end) prefetch({end, 1, 0, std::min<int64_t>(kPageTokens, rows_[end].position + 1)});
  score(block, next);
  normalize(block);
  for (int64_t first = 0; first < num_tokens; first += kPageTokens) {
    for_runs(block, first, [&](const Run& run) { sum(block, run); });
  }
}

void PagedAttention::normalize(const Block& block) {
  for_spans([&](const HeadSpan& span) {
    for (int64_t row = block.begin; row < block.end; ++row) {
      const int64_t visible = rows_[row].position + 1;
      float* line = scores(block, span, row);
      for (int64_t j = 0; j < span.count; ++j, line += block.stride) {
        ops::softmax_row(line, shape_.scale, visible);
        std::fill(line + visible, line + block.stride, 0.0f);
      }
    }
  });
}

template <class Visit>
void PagedAttention::for_runs(const Block& block, int64_t first, Visit visit) const {
  for (int64_t row = block.begin; row < block.end;) {
    if (rows_[row].position < first) {
      ++row;
      continue;
    }
    const int64_t index = first / kPageTokens, begin = row;
    const int32_t page = rows_[begin].pages[index];
    int64_t seen = 0;
    for (; row < block.end && rows_[row].position >= first && rows_[row].pages[index] == page; ++row) {
      seen = std::max(seen, std::min(kPageTokens, rows_[row].position + 1 - first));
    }
    visit(Run{begin, row - begin, first, seen});
  }
}

void PagedAttention::score(const Block& block, const Run& run) {
  for_spans([&](const HeadSpan& span) {
    multiply_page(run, span.kv_head * shape_.key_width,
                  {.a = query(span, run.row),
                   .c = scores(block, span, run.row) + run.first,
                   .m = run.count * span.count,
                   .n = std::min(kPageTokens, block.stride - run.first),
                   .k = shape_.key_width,
                   .lda = shape_.key_width,
                   .ldc = block.stride,
                   .transpose_b = true,
                   .accumulate = false});
  });
}

void PagedAttention::sum(const Block& block, const Run& run) {
  for_spans([&](const HeadSpan& span) {
    multiply_page(run, shape_.value_begin + span.kv_head * shape_.value_width,
                  {.a = scores(block, span, run.row) + run.first,
                   .c = attended(span, run.row),
                   .m = run.count * span.count,
                   .n = shape_.value_width,
                   .k = run.seen,
                   .lda = block.stride,
                   .ldc = shape_.value_width,
                   .transpose_b = false,
                   .accumulate = run.first > 0});
  });
}

// Asks for a page while the one before it is at work: products read across it, in an order that the core does not
// foresee, and with many sequences it lies far away.
void PagedAttention::prefetch(const Run& run) const {
  const KvCache& cache = part_.cache;
  const int32_t page = rows_[run.row].pages[run.first / kPageTokens];
  const bool is_wide = cache.type() == ops::NumberType::kFloat32;
  const void* numbers = is_wide ? static_cast<const void*>(cache.slot(page, layer_, 0))
                                : static_cast<const void*>(cache.bfloat16_slot(page, layer_, 0));
  const int64_t num_bytes = run.seen * cache.width() * ops::bytes_of(cache.type());
  for (int64_t i = 0; i < num_bytes; i += kPrefetchBytes) {
    __builtin_prefetch(static_cast<const char*>(numbers) + i, /*for_writing=*/0, /*second-level cache*/ 2);
  }
}

template <class Number>
ops::GemmOnceArgs<Number> PagedAttention::on_page(const Number* numbers, const Product& product) const {
  return {.a = product.a,
          .b = numbers,
          .c = product.c,
          .m = product.m,
          .n = product.n,
          .k = product.k,
          .lda = product.lda,
          .ldb = part_.cache.width(),
          .ldc = product.ldc,
          .transpose_b = product.transpose_b,
          .accumulate = product.accumulate};
}

void PagedAttention::multiply_page(const Run& run, int64_t begin, const Product& product) const {
  const KvCache& cache = part_.cache;
  const int32_t page = rows_[run.row].pages[run.first / kPageTokens];
  if (cache.type() == ops::NumberType::kFloat32) {
    ops::gemm_once(on_page(cache.slot(page, layer_, 0) + begin, product));
  } else if (product.transpose_b) {
    ops::gemm_once_rounded(on_page(cache.bfloat16_slot(page, layer_, 0) + begin, product));
  } else {
    ops::gemm_once(on_page(cache.bfloat16_slot(page, layer_, 0) + begin, product));
  }
}

}  // namespace aha::model
