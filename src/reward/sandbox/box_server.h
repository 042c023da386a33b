// One server of boxes: a process of its own that sees nothing of this one's memory, files or descriptors.
#pragma once
#include <sys/types.h>

#include <string>
#include <string_view>

#include "reward/sandbox/protocol.h"

namespace aha::reward {

struct BoxAnswer {
  box::Reply reply;
  std::string stdout_bytes, stderr_bytes, artifact;
};

/// Not thread-safe; different servers do not meet.
class BoxServer {
 public:
  BoxServer(box::Tier tier, int slot) : tier_(tier), slot_(slot) {}
  ~BoxServer() { stop(); }
  BoxServer(const BoxServer&) = delete;
  BoxServer& operator=(const BoxServer&) = delete;

  /// Starts the process if there is none. @return why it cannot make boxes; empty if it can
  std::string start();
  /// Starts where needed. A server that answers late, wrong or not at all is ended: an answer of kInfra.
  BoxAnswer ask(box::Request request, std::string_view program, std::string_view stdin_bytes);
  /// The process and its box have ended when this returns.
  void stop();
  pid_t process() const { return process_; }

 private:
  std::string spawn();
  std::string read_hello();
  void remove_groups();

  box::Tier tier_;
  int slot_;
  pid_t process_ = -1;
  int socket_ = -1;
  box::Hello hello_;
};

}  // namespace aha::reward
