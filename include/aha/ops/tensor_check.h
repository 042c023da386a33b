// Shape checks with letters: the same letter must have the same size in all tensors of an op.
#pragma once
#include <ATen/core/Tensor.h>

#include <map>
#include <string>

#include "aha/ops/number_type.h"

namespace aha::ops {

/// TensorCheck check("linear"); check.shape("x", x, "TK"); check.shape("weight", w, "NK");
/// fails with "[linear] weight: K is 7, but x has K = 8". All float tensors of an op must share one dtype.
class TensorCheck {
 public:
  explicit TensorCheck(std::string op);
  TensorCheck& shape(const std::string& name, const at::Tensor& tensor, const std::string& letters);  ///< float32/64
  TensorCheck& integers(const std::string& name, const at::Tensor& tensor, const std::string& letters,
                        at::ScalarType dtype);
  TensorCheck& indices(const std::string& name, const at::Tensor& tensor, int64_t limit);  ///< int64 in [0, limit)
  TensorCheck& size(char letter, int64_t size);                                            ///< binds a letter
  TensorCheck& products(NumberType type);  ///< operands of float32, checked before, may be rounded; of float64 not

 private:
  void bind(const std::string& name, const at::Tensor& tensor, const std::string& letters);
  std::string op_;
  std::map<char, std::pair<int64_t, std::string>> sizes_;
  std::string dtype_name_, dtype_owner_;
};

}  // namespace aha::ops
