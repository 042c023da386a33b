// aha_box, the program that makes boxes, as bytes inside the library.
#pragma once
#include <string_view>

namespace aha::reward {

std::string_view box_image();

}  // namespace aha::reward
