// What a plain (unquoted) YAML scalar means: the core schema of YAML 1.2.
#pragma once
#include <string>
#include <variant>

#include "aha/core/config_tree.h"

namespace aha {

/// null, true, false, integers (decimal, 0o, 0x) and numbers; everything else is a string: `no`, `1_000`, `1:30`.
/// @throws InvalidScalar for integers beyond 64 bits and numbers that are not finite
ConfigTree::Value read_plain_scalar(const std::string& text);

/// The sentence that says why a scalar is refused; the reader adds file and line.
struct InvalidScalar {
  std::string sentence;
};

}  // namespace aha
