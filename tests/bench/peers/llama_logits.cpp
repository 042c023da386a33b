// Prints llama.cpp's logits after each of the token ids given, a line a position, to compare models by.
//   llama_logits FILE.gguf ID…
// The cache is float32 and flash attention off: with it on, llama.cpp rounds keys to half floats.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "llama.h"

namespace {

std::vector<llama_token> read_ids(int argc, char** argv) {
  std::vector<llama_token> ids;
  for (int i = 2; i < argc; ++i) ids.push_back(static_cast<llama_token>(std::atoi(argv[i])));
  return ids;
}

llama_batch make_batch(const std::vector<llama_token>& ids) {
  const auto count = static_cast<int32_t>(ids.size());
  llama_batch batch = llama_batch_init(count, 0, 1);
  batch.n_tokens = count;
  for (int32_t i = 0; i < count; ++i) {
    batch.token[i] = ids[static_cast<size_t>(i)];
    batch.pos[i] = i;
    batch.n_seq_id[i] = 1;
    batch.seq_id[i][0] = 0;
    batch.logits[i] = 1;
  }
  return batch;
}

void print_logits(llama_context* context, int32_t count, int32_t vocab_size) {
  for (int32_t i = 0; i < count; ++i) {
    const float* logits = llama_get_logits_ith(context, i);
    for (int32_t token = 0; token < vocab_size; ++token) std::printf("%.9g ", static_cast<double>(logits[token]));
    std::printf("\n");
  }
}

void quiet(ggml_log_level, const char*, void*) {}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fprintf(stderr, "usage: llama_logits FILE.gguf ID…\n"), 2;
  llama_log_set(quiet, nullptr);
  llama_backend_init();
  llama_model* model = llama_model_load_from_file(argv[1], llama_model_default_params());
  if (model == nullptr) return std::fprintf(stderr, "%s: llama.cpp does not load it\n", argv[1]), 1;
  const std::vector<llama_token> ids = read_ids(argc, argv);
  llama_context_params params = llama_context_default_params();
  params.n_ctx = params.n_batch = params.n_ubatch = 512;
  params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
  params.type_k = params.type_v = GGML_TYPE_F32;
  llama_context* context = llama_init_from_model(model, params);
  if (context == nullptr) return std::fprintf(stderr, "%s: llama.cpp makes no context for it\n", argv[1]), 1;
  llama_batch batch = make_batch(ids);
  if (llama_decode(context, batch) != 0) return std::fprintf(stderr, "llama.cpp does not decode the ids\n"), 1;
  print_logits(context, batch.n_tokens, llama_vocab_n_tokens(llama_model_get_vocab(model)));
  llama_batch_free(batch);
  llama_free(context);
  llama_model_free(model);
  llama_backend_free();
}
