// Finds the device that was asked for.
#include "model/device.h"

#include <ATen/Context.h>
#include <dlfcn.h>

#include "aha/core/error.h"
#include "aha/model/safetensors_header.h"

namespace aha::model {

namespace {

void load_library(const char* name, const std::string& sentence) {
  if (!dlopen(name, RTLD_NOW | RTLD_GLOBAL)) throw MissingError(sentence);
}

// Programs are linked with LibTorch's CPU part alone: its CUDA part takes seconds to load and a GiB to hold. The driver
// is asked for first, for where there is none the rest would be loaded in vain.
at::Device find_cuda() {
  load_library("libcuda.so.1", "device: cuda needs an NVIDIA driver, and this machine has none; use device cpu");
  load_library("libtorch_cuda.so",
               "device: cuda needs LibTorch's CUDA libraries, and those installed here have none that can be loaded; "
               "install the PyPI package torch with CUDA, or use device cpu");
  if (!at::hasCUDA()) {
    throw MissingError("device: cuda finds no GPU; run where nvidia-smi shows one, or use device cpu");
  }
  return {at::kCUDA, 0};
}

}  // namespace

at::Device find_device(const std::string& name) {
  if (name == "auto" || name == "cpu") return at::kCPU;
  if (name == "cuda") return find_cuda();
  throw ConfigError("device", "is " + quote_untrusted(name) + ", but must be auto, cpu or cuda");
}

}  // namespace aha::model
