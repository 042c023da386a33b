// Shape checks with letters.
#include "aha/ops/tensor_check.h"

#include "aha/core/error.h"

namespace aha::ops {
namespace {

std::string shape_of(const at::Tensor& tensor) {
  std::string text = "[";
  for (int64_t i = 0; i < tensor.dim(); ++i) text += (i ? ", " : "") + std::to_string(tensor.size(i));
  return text + "]";
}

}  // namespace

TensorCheck::TensorCheck(std::string op) : op_(std::move(op)) {}

TensorCheck& TensorCheck::shape(const std::string& name, const at::Tensor& tensor, const std::string& letters) {
  bind(name, tensor, letters);
  const auto dtype = tensor.scalar_type();
  const std::string dtype_name = c10::toString(dtype);
  if (dtype != at::kFloat && dtype != at::kDouble)
    throw ShapeError("[" + op_ + "] " + name + ": dtype is " + dtype_name + ", but must be Float or Double");
  if (dtype_owner_.empty()) {
    dtype_name_ = dtype_name;
    dtype_owner_ = name;
  } else if (dtype_name != dtype_name_) {
    throw ShapeError("[" + op_ + "] " + name + ": dtype is " + dtype_name + ", but " + dtype_owner_ + " has " +
                     dtype_name_);
  }
  return *this;
}

TensorCheck& TensorCheck::integers(const std::string& name, const at::Tensor& tensor, const std::string& letters,
                                   at::ScalarType dtype) {
  bind(name, tensor, letters);
  if (tensor.scalar_type() != dtype)
    throw ShapeError("[" + op_ + "] " + name + ": dtype is " + c10::toString(tensor.scalar_type()) + ", but must be " +
                     c10::toString(dtype));
  return *this;
}

TensorCheck& TensorCheck::indices(const std::string& name, const at::Tensor& tensor, int64_t limit) {
  const at::Tensor index = tensor.contiguous();
  for (int64_t i = 0; i < index.numel(); ++i) {
    const int64_t value = index.const_data_ptr<int64_t>()[i];
    if (value < 0 || value >= limit)
      throw ShapeError("[" + op_ + "] " + name + ": entry " + std::to_string(i) + " is " + std::to_string(value) +
                       ", but must be in [0, " + std::to_string(limit) + ")");
  }
  return *this;
}

TensorCheck& TensorCheck::size(char letter, int64_t size) {
  const auto [place, is_new] = sizes_.try_emplace(letter, size, "the call");
  if (!is_new && place->second.first != size)
    throw ShapeError("[" + op_ + "] " + letter + " must be " + std::to_string(size) + ", but " + place->second.second +
                     " has " + letter + " = " + std::to_string(place->second.first));
  return *this;
}

TensorCheck& TensorCheck::products(NumberType type) {
  if (type != NumberType::kFloat32 && dtype_name_ != c10::toString(at::kFloat))
    throw ShapeError("[" + op_ + "] products: are to be bfloat16, which is for Float alone, but " + dtype_owner_ +
                     " has " + dtype_name_);
  return *this;
}

void TensorCheck::bind(const std::string& name, const at::Tensor& tensor, const std::string& letters) {
  const std::string place = "[" + op_ + "] " + name + ": ";
  if (!tensor.defined()) throw ShapeError(place + "is undefined");
  if (!tensor.device().is_cpu())
    throw DeviceError(place + "is on " + tensor.device().str() + ", but this op runs on the CPU alone");
  if (tensor.dim() != static_cast<int64_t>(letters.size()))
    throw ShapeError(place + "shape is " + shape_of(tensor) + ", but must have " + std::to_string(letters.size()) +
                     " dimensions (" + letters + ")");
  for (size_t i = 0; i < letters.size(); ++i) {
    const int64_t size = tensor.size(static_cast<int64_t>(i));
    const auto [known, is_new] = sizes_.try_emplace(letters[i], size, name);
    if (!is_new && known->second.first != size)
      throw ShapeError(place + letters[i] + " is " + std::to_string(size) + ", but " + known->second.second + " has " +
                       letters[i] + " = " + std::to_string(known->second.first));
  }
}

}  // namespace aha::ops
