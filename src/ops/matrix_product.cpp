// ops::gemm on whole tensors.
#include "ops/matrix_product.h"

#include "aha/ops/cpu_gemm.h"

namespace aha::ops {
namespace {

struct Turned {
  bool a, b;
};

torch::Tensor product(const torch::Tensor& a, const torch::Tensor& b, Turned turned) {
  const int64_t m = a.size(turned.a ? 1 : 0), k = a.size(turned.a ? 0 : 1), n = b.size(turned.b ? 0 : 1);
  torch::Tensor c = torch::empty({m, n}, a.options());
  AT_DISPATCH_FLOATING_TYPES(a.scalar_type(), "product", [&] {
    gemm(GemmArgs<scalar_t>{.a = a.const_data_ptr<scalar_t>(),
                            .b = b.const_data_ptr<scalar_t>(),
                            .c = c.data_ptr<scalar_t>(),
                            .m = m,
                            .n = n,
                            .k = k,
                            .lda = a.size(1),
                            .ldb = b.size(1),
                            .ldc = n,
                            .transpose_a = turned.a,
                            .transpose_b = turned.b});
  });
  return c;
}

}  // namespace

torch::Tensor times(const torch::Tensor& a_MK, const torch::Tensor& b_KN) {
  return product(a_MK, b_KN, {false, false});
}
torch::Tensor times_transposed(const torch::Tensor& a_MK, const torch::Tensor& b_NK) {
  return product(a_MK, b_NK, {false, true});
}
torch::Tensor transposed_times(const torch::Tensor& a_KM, const torch::Tensor& b_KN) {
  return product(a_KM, b_KN, {true, false});
}

}  // namespace aha::ops
