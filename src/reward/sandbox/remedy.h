// What an administrator can do where the machine isolates too little.
#pragma once
#include <string>

namespace aha::reward {

/// @param why what the namespaces' trial said; empty where they were not tried
std::string namespace_remedy(const std::string& why);

}  // namespace aha::reward
