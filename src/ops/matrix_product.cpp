// ops::gemm on whole tensors.
#include "ops/matrix_product.h"

#include <ATen/Dispatch.h>
#include <ATen/ops/empty.h>

#include "aha/ops/cpu_gemm.h"

namespace aha::ops {
namespace {

struct Form {
  NumberType products;
  bool transpose_a = false, transpose_b = false, accumulate = false;
};

void product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& c, Form form) {
  AT_DISPATCH_FLOATING_TYPES(a.scalar_type(), "matrix product", [&] {
    gemm(GemmArgs<scalar_t>{.a = a.const_data_ptr<scalar_t>(),
                            .b = b.const_data_ptr<scalar_t>(),
                            .c = c.data_ptr<scalar_t>(),
                            .m = c.size(0),
                            .n = c.size(1),
                            .k = a.size(form.transpose_a ? 0 : 1),
                            .lda = a.size(1),
                            .ldb = b.size(1),
                            .ldc = c.size(1),
                            .transpose_a = form.transpose_a,
                            .transpose_b = form.transpose_b,
                            .accumulate = form.accumulate},
         form.products);
  });
}

}  // namespace

void multiply(const at::Tensor& a_MK, const at::Tensor& b_KN, const at::Tensor& c_MN, NumberType products) {
  product(a_MK, b_KN, c_MN, {.products = products});
}

void multiply_transposed(const at::Tensor& a_MK, const at::Tensor& b_NK, const at::Tensor& c_MN, NumberType products) {
  product(a_MK, b_NK, c_MN, {.products = products, .transpose_b = true});
}

void multiply_turned(const at::Tensor& a_KM, const at::Tensor& b_KN, const at::Tensor& c_MN, NumberType products,
                     bool adds) {
  product(a_KM, b_KN, c_MN, {.products = products, .transpose_a = true, .accumulate = adds});
}

at::Tensor times(const at::Tensor& a_MK, const at::Tensor& b_KN, NumberType products) {
  at::Tensor c = at::empty({a_MK.size(0), b_KN.size(1)}, a_MK.options());
  multiply(a_MK, b_KN, c, products);
  return c;
}

at::Tensor times_transposed(const at::Tensor& a_MK, const at::Tensor& b_NK, NumberType products) {
  at::Tensor c = at::empty({a_MK.size(0), b_NK.size(0)}, a_MK.options());
  multiply_transposed(a_MK, b_NK, c, products);
  return c;
}

at::Tensor turned_times(const at::Tensor& a_KM, const at::Tensor& b_KN, NumberType products) {
  at::Tensor c = at::empty({a_KM.size(1), b_KN.size(1)}, a_KM.options());
  multiply_turned(a_KM, b_KN, c, products, /*adds=*/false);
  return c;
}

void save_products(torch::autograd::AutogradContext& context, NumberType products) {
  context.saved_data["products"] = static_cast<int64_t>(products);
}

NumberType saved_products(torch::autograd::AutogradContext& context) {
  return static_cast<NumberType>(context.saved_data["products"].toInt());
}

}  // namespace aha::ops
