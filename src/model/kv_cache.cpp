// Pages of keys and values: a free list and reference counts over one block of memory.
#include <ATen/ops/empty.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "aha/core/error.h"
#include "aha/model/decoder.h"
#include "model/tensor_weights.h"

namespace aha::model {

namespace {

constexpr size_t kCacheLine = 64;
constexpr size_t kHugePage = size_t{2} << 20;

size_t round_up(size_t bytes, size_t unit) { return std::max((bytes + unit - 1) / unit * unit, unit); }

float* allocate_aligned(size_t bytes, size_t alignment) {
  auto* floats = static_cast<float*>(std::aligned_alloc(alignment, round_up(bytes, alignment)));
  if (!floats) throw std::bad_alloc();
  return floats;
}

/// In huge pages where the machine has them: a step touches a few tokens here, a few there.
FloatBuffer make_cache_memory(int64_t num_bytes) {
  const size_t bytes = static_cast<size_t>(num_bytes);
  if (bytes < kHugePage) return FloatBuffer(allocate_aligned(bytes, kCacheLine));
  float* floats = allocate_aligned(bytes, kHugePage);
  madvise(floats, round_up(bytes, kHugePage), MADV_HUGEPAGE);
  return FloatBuffer(floats);
}

}  // namespace

void FreeFloats::operator()(float* floats) const { std::free(floats); }

FloatBuffer make_float_buffer(int64_t count) {
  return FloatBuffer(allocate_aligned(static_cast<size_t>(count) * sizeof(float), kCacheLine));
}

int64_t cache_width(const ModelConfig& config, const DecodeOptions& options) {
  const bool expands = options.expand_latents && config.attention == AttentionKind::kLatent;
  return expands ? config.num_attention_heads * (config.qk_head_dim() + config.v_head_dim) : config.cache_width();
}

int64_t KvCache::page_bytes(const ModelConfig& config, const DecodeOptions& options) {
  const int64_t num_layers = config.num_hidden_layers + (options.with_mtp ? 1 : 0);
  return kPageTokens * num_layers * cache_width(config, options) * ops::bytes_of(options.type);
}
int64_t KvCache::page_bytes() const { return kPageTokens * num_layers_ * width_ * ops::bytes_of(type_); }

KvCache::KvCache(const ModelConfig& config, int64_t cache_bytes, const DecodeOptions& options)
    : type_(options.type),
      num_layers_(config.num_hidden_layers + (options.with_mtp ? 1 : 0)),
      width_(cache_width(config, options)),
      num_pages_(std::max<int64_t>(cache_bytes, 0) / page_bytes()),
      references_(num_pages_, 0) {
  if (options.tensor_device) {
    tensor_ = at::empty({num_pages_, num_layers_, kPageTokens, width_},
                        at::TensorOptions().device(*options.tensor_device).dtype(scalar_type(type_)));
  } else {
    storage_ = make_cache_memory(num_pages_ * page_bytes());
  }
  free_pages(0, num_pages_);
}

KvCache KvCache::part(ops::Share share) const {
  KvCache cache;
  cache.type_ = type_;
  cache.num_layers_ = num_layers_;
  cache.width_ = width_;
  cache.storage_ = storage_;
  cache.tensor_ = tensor_;
  cache.references_.assign(references_.size(), 0);
  cache.free_pages(share.begin(num_pages_), share.end(num_pages_));
  return cache;
}

// The lowest page comes first, so that a small load keeps to little memory.
void KvCache::free_pages(int64_t begin, int64_t end) {
  num_pages_ = end - begin;
  free_.resize(num_pages_);
  std::iota(free_.rbegin(), free_.rend(), static_cast<int32_t>(begin));
}

int32_t KvCache::allocate() {
  if (free_.empty()) return -1;
  const int32_t page = free_.back();
  free_.pop_back();
  references_[page] = 1;
  return page;
}

void KvCache::retain(int32_t page) {
  AHA_CHECK(references_[page] > 0, "a free page cannot get another owner");
  ++references_[page];
}

void KvCache::release(int32_t page) {
  AHA_CHECK(references_[page] > 0, "a free page cannot be released");
  if (--references_[page] == 0) free_.push_back(page);
}

int32_t KvCache::copy(int32_t page) {
  const int32_t fresh = allocate();
  if (fresh < 0) return fresh;
  if (tensor_.defined()) {
    tensor_.select(0, fresh).copy_(tensor_.select(0, page));
    return fresh;
  }
  const int64_t floats = page_bytes() / static_cast<int64_t>(sizeof(float));
  std::copy_n(storage_.get() + page * floats, floats, storage_.get() + fresh * floats);
  return fresh;
}

int64_t KvCache::offset(int32_t page, int64_t layer, int64_t index) const {
  return ((page * num_layers_ + layer) * kPageTokens + index) * width_;
}
float* KvCache::slot(int32_t page, int64_t layer, int64_t index) { return storage_.get() + offset(page, layer, index); }
const float* KvCache::slot(int32_t page, int64_t layer, int64_t index) const {
  return storage_.get() + offset(page, layer, index);
}
uint16_t* KvCache::bfloat16_slot(int32_t page, int64_t layer, int64_t index) {
  return reinterpret_cast<uint16_t*>(storage_.get()) + offset(page, layer, index);
}
const uint16_t* KvCache::bfloat16_slot(int32_t page, int64_t layer, int64_t index) const {
  return reinterpret_cast<const uint16_t*>(storage_.get()) + offset(page, layer, index);
}

}  // namespace aha::model
