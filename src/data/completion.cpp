// Names of finish reasons, as other programs read them.
#include "aha/data/completion.h"

namespace aha::data {

const char* finish_reason_name(FinishReason reason) { return reason == FinishReason::kStop ? "stop" : "length"; }

}  // namespace aha::data
