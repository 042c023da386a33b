// What runs and compiles programs on this machine.
#include "reward/sandbox/toolchain.h"

#include <unistd.h>

#include "aha/core/error.h"
#include "reward/sandbox/protocol.h"

namespace aha::reward {
namespace {

struct Tool {
  const char* const (&paths)[2];
  const char* package;
  const char* what;
};

Tool tool_of(ProgramLanguage language) {
  switch (language) {
    case ProgramLanguage::kC:
      return {box::kCPaths, "gcc", "compile C"};
    case ProgramLanguage::kCpp:
      return {box::kCppPaths, "g++", "compile C++"};
    case ProgramLanguage::kPython:
      break;
  }
  return {box::kPythonPaths, "python3", "run Python"};
}

}  // namespace

std::string toolchain_path(ProgramLanguage language) {
  for (const char* path : tool_of(language).paths) {
    if (access(path, X_OK) == 0) return path;
  }
  return "";
}

void check_toolchain(ProgramLanguage language) {
  if (!toolchain_path(language).empty()) return;
  const Tool tool = tool_of(language);
  throw MissingError(std::string("nothing here can ") + tool.what + ": " + tool.paths[0] + " is not there; install " +
                     tool.package + " (Debian: apt-get install " + tool.package + ")");
}

}  // namespace aha::reward
