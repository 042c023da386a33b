// Sentences of the errors that need building.
#include "aha/core/error.h"

#include <cerrno>
#include <system_error>

namespace aha {
namespace {

std::string advice(int error_number) {
  switch (error_number) {
    case ENOSPC:
      return "; free some space on that disk, then run the same command again";
    case EDQUOT:
      return "; free some of your disk quota, then run the same command again";
    case EFBIG:
      return "; raise the file size limit (ulimit -f), then run the same command again";
    case EACCES:
    case EPERM:
      return "; check the permissions of the file and its folder";
    case EROFS:
      return "; choose a folder on a disk that can be written";
    default:
      return "";
  }
}

}  // namespace

IoError::IoError(const std::string& operation, const std::string& path, int error_number)
    : IoError("cannot " + operation + " " + path + ": " + std::generic_category().message(error_number) +
              advice(error_number)) {}

void fail_check(const char* expression, const char* file, int line, const std::string& detail) {
  throw ShapeError(std::string(file) + ":" + std::to_string(line) + ": " + expression + " does not hold: " + detail);
}

}  // namespace aha
