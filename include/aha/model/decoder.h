// The decode forward: latent attention or grouped queries over a paged cache, no autograd, nothing allocated per token.
//
// Everything but absorbed latent attention is summed in the order of the training forward: in float32 the logits of
// models with grouped queries, and with expanded latents of all models, are those of Model::logits, bit for bit.
// Rows of a step are independent: a row's bits do not depend on which other rows share the step. (With tensor_device
// rows are independent too, but their last bits are up to LibTorch.)
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "aha/model/model.h"
#include "aha/ops/cpu_gemm.h"

namespace aha::model {

inline constexpr int64_t kPageTokens = 64;

/// Floats on cache-line boundaries, untouched: memory that is never written is never resident.
struct FreeFloats {
  void operator()(float* floats) const;
};
using FloatBuffer = std::unique_ptr<float[], FreeFloats>;
FloatBuffer make_float_buffer(int64_t count);

/// How a model is decoded: weights, products and cache in float32, or in bfloat16 with sums in float32 (router, norms
/// and softmax stay in float32).
struct DecodeOptions {
  ops::NumberType type = ops::NumberType::kFloat32;
  bool with_mtp = false;  // also the MTP module, for drafts; the model must have one
  /// Latent attention over keys and values of all heads, as the training forward computes it, instead of over latents
  /// with absorbed projections: the cache holds H·(nope + rope + v) numbers a token instead of kv_lora_rank + rope. For
  /// float32 on the CPU.
  bool expand_latents = false;
  /// Where LibTorch's operations run the steps, over weights and a cache that lie there; none: own kernels on the CPU.
  std::optional<at::Device> tensor_device = {};
};

/// Weights laid out for decoding, shared read-only by all workers. They are packed copies; with tensor_device the
/// model's own tensors, where those lie on that device and are of that number type.
class DecodeWeights {
 public:
  explicit DecodeWeights(const Model& model, const DecodeOptions& options = {});
  ~DecodeWeights();
  /// The weights of a model of the same config as they are now. They replace the old ones layer by layer: at no time
  /// are there two copies. Decoders stay; none may be in a step.
  void update(const Model& model);
  /// Lets go of packed copies until the next update(): memory for whoever trains meanwhile. Decoders stay; none may be
  /// in a step before that.
  void release();
  bool is_released() const;
  struct State;
  const State& state() const { return *state_; }
  const ModelConfig& config() const;
  const DecodeOptions& options() const;
  int64_t bytes() const;  ///< of all weights, as laid out here
  /// Of the weights that a step reads whose rows choose `num_experts` different experts a layer.
  int64_t step_bytes(int64_t num_experts) const;

 private:
  std::unique_ptr<State> state_;
};

/// Numbers a token leaves in a layer's cache: ModelConfig::cache_width(), or more with expanded latents.
int64_t cache_width(const ModelConfig& config, const DecodeOptions& options);

/// Pages of kPageTokens tokens, all layers of a page together. Per token and layer cache_width() numbers: kv_lora_rank
/// latents (after their norm) and qk_rope_head_dim rope values (rotated), or the keys of all key-value heads (normed,
/// rotated) and then their values; float32 or bfloat16. The MTP module's layer, if kept, is the last.
/// Reference-counted; not thread-safe (one per worker). Copies of a cache share its memory, not its counts.
class KvCache {
 public:
  /// As many pages as cache_bytes hold, all free.
  KvCache(const ModelConfig& config, int64_t cache_bytes, const DecodeOptions& options = {});
  /// A cache of its own over the pages of this one that are share's; page ids stay. All are free in it.
  KvCache part(ops::Share share) const;
  int64_t num_pages() const { return num_pages_; }
  int64_t num_free_pages() const { return static_cast<int64_t>(free_.size()); }
  int32_t allocate();          ///< a page with one reference; -1 when none is free
  void retain(int32_t page);   ///< one more owner
  void release(int32_t page);  ///< freed when the last owner lets go
  int32_t copy(int32_t page);  ///< a fresh page with the same content (copy-on-write); -1 when none is free
  /// The numbers of a token slot, [width()]: of a float32 cache, of a bfloat16 one. Not with tensor_device.
  float* slot(int32_t page, int64_t layer, int64_t index);
  const float* slot(int32_t page, int64_t layer, int64_t index) const;
  uint16_t* bfloat16_slot(int32_t page, int64_t layer, int64_t index);
  const uint16_t* bfloat16_slot(int32_t page, int64_t layer, int64_t index) const;
  /// [pages, layers, kPageTokens, width()], with tensor_device; else undefined.
  const at::Tensor& tensor() const { return tensor_; }
  int64_t width() const { return width_; }  ///< numbers from a slot to the next
  ops::NumberType type() const { return type_; }
  int64_t page_bytes() const;
  static int64_t page_bytes(const ModelConfig& config, const DecodeOptions& options = {});

 private:
  KvCache() = default;
  void free_pages(int64_t begin, int64_t end);
  int64_t offset(int32_t page, int64_t layer, int64_t index) const;
  ops::NumberType type_ = ops::NumberType::kFloat32;
  int64_t num_layers_ = 0, width_ = 0, num_pages_ = 0;
  std::shared_ptr<float[]> storage_;  // null with tensor_device
  at::Tensor tensor_;
  std::vector<int32_t> references_, free_;  // references by page id, of all pages of the memory
};

/// One token to process: it is written at `position` of the sequence that owns `pages`, and sees all up to itself.
/// Rows of one sequence in one step stand in rising position order.
struct DecodeRow {
  int32_t token;
  int32_t position;
  const int32_t* pages;  // page ids of the sequence, covering `position`
  bool wants_logits;
  uint8_t* experts = nullptr;  // out, if given: [MoE layers, experts a token], best first (at most 256 experts)
};

/// A row of the last step, and the token that was drawn after it.
struct DraftRow {
  int32_t row;         // index into the rows of the last step
  int32_t next_token;  // which stands at the position after it
  bool wants_token;
};

class DecodeBackend;

/// One worker's scratch memory; many may share the weights. The caller's thread works, and with num_threads > 1 as many
/// more of its own as pay off: a step is then cut by columns, heads and rows, which changes no bit.
class Decoder {
 public:
  Decoder(const DecodeWeights& weights, KvCache& cache, int64_t max_rows, int num_threads = 1);
  ~Decoder();
  /// Runs all rows through all layers. @return logits [number of rows that want them, vocab_size], valid until the next
  /// step
  const float* step(std::span<const DecodeRow> rows);
  /// The MTP module (arXiv:2412.19437 §2.2) on rows of the last step, in their order. Every token of a sequence must
  /// go through it once its successor is known, for it attends to those before. Needs DecodeOptions::with_mtp.
  /// @return the likeliest token after each row's next_token, -1 where not wanted; valid until the next call
  std::span<const int32_t> draft(std::span<const DraftRow> rows);

 private:
  std::unique_ptr<DecodeBackend> backend_;
};

}  // namespace aha::model
