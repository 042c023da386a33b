// Where a model's tensors lie.
#pragma once
#include <c10/core/Device.h>

#include <string>

namespace aha::model {

/// auto and cpu: the CPU. cuda: the first GPU; LibTorch's CUDA library is loaded when it is first asked for.
/// @throws MissingError saying what cuda lacks; ConfigError for other names
at::Device find_device(const std::string& name);

}  // namespace aha::model
