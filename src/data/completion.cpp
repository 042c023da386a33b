// Names of finish reasons, as other programs read them.
#include "aha/data/completion.h"

namespace aha::data {

const char* finish_reason_name(FinishReason reason) {
  switch (reason) {
    case FinishReason::kStop:
      return "stop";
    case FinishReason::kLength:
      return "length";
    case FinishReason::kUnfinished:
      return "unfinished";
  }
  return "unknown";
}

}  // namespace aha::data
