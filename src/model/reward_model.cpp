// The score head of reward models.
#include "model/reward_model.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>

#include <algorithm>

#include "aha/core/error.h"
#include "aha/model/model.h"
#include "model/projection.h"
#include "model/state.h"

namespace aha::model {

namespace {

/// Row of each sequence's last token that is not the padding token; of its first where all are.
std::vector<int64_t> score_rows(const PackedTokens& tokens, int64_t pad_token_id) {
  const at::Tensor token_T = tokens.token_T.contiguous();
  const int64_t* ids = token_T.const_data_ptr<int64_t>();
  std::vector<int64_t> rows;
  for (size_t i = 0; i + 1 < tokens.offsets.size(); ++i) {
    const int64_t begin = tokens.offsets[i];
    int64_t row = tokens.offsets[i + 1] - 1;
    AHA_CHECK(row >= begin, "a sequence without tokens has no reward");
    while (row > begin && ids[row] == pad_token_id) --row;
    rows.push_back(row);
  }
  return rows;
}

}  // namespace

void check_has_output_head(const ModelConfig& config) {
  if (!config.is_reward_model) return;
  throw InputError("model",
                   "is a reward model: it judges whole sequences and has no output head to write or score tokens "
                   "with; name a language model");
}

at::Tensor Model::rewards(const at::Tensor& hidden_TD, const PackedTokens& tokens) const {
  if (!config().is_reward_model) {
    throw InputError("model", "is a language model: it has no score head to judge sequences with; name a reward model");
  }
  const at::Tensor row_S = at::tensor(score_rows(tokens, config().pad_token_id), at::kLong);
  // Summed row by row: a sequence's reward does not depend on those beside it.
  return (hidden_TD.index_select(0, row_S) * wide(state_->places.score)).sum(1);
}

}  // namespace aha::model
