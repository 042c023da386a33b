// The keeper (command/keeper/keeper.cpp) as a program of its own, carried inside the library.
#pragma once
#include <string_view>

namespace aha::reward {

/// Bytes of the executable.
std::string_view keeper_image();

}  // namespace aha::reward
