// What the keeper tells the process that started it, one message each on a socket of kept message borders.
#pragma once

namespace aha::reward::keeper {

constexpr int kControl = 3;  // the keeper's end

struct Message {
  enum Kind : int {
    kStarted,     // value: process id of the program, which is its session's too
    kNotStarted,  // value: errno
    kEnded,       // value: the program's status, as waitpid gives it
    kAllEnded,    // the program and all it had started are gone; the keeper ends
  };
  int kind = kStarted;
  int value = 0;
};

}  // namespace aha::reward::keeper
