// What this machine can keep a program in: whole boxes are tried, with a canary that tries to get out.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include "aha/reward/sandbox.h"
#include "reward/sandbox/box_image.h"
#include "reward/sandbox/box_server.h"
#include "reward/sandbox/remedy.h"

namespace aha::reward {
namespace {

constexpr int64_t kCanaryMemoryBytes = int64_t{64} << 20;
constexpr int kCanarySlot = 1023;

// A file that anyone may read, and a port of this machine that answers.
class Bait {
 public:
  Bait() {
    const int file = mkstemp(path_);
    if (file >= 0) {
      if (fchmod(file, 0644) != 0) unlink(path_);
      close(file);
    }
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (listener_ >= 0 && bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
        listen(listener_, 1) == 0 && getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
      port_ = ntohs(address.sin_port);
    }
  }
  ~Bait() {
    unlink(path_);
    if (listener_ >= 0) close(listener_);
  }
  Bait(const Bait&) = delete;

  std::string targets() const {
    return fmt::format("file {}\nfile /etc/passwd\nfile /proc/self/maps\nfile /proc/{}/maps\nprocess {}\nmemory {}\n",
                       path_, getpid(), getpid(), 2 * kCanaryMemoryBytes) +
           (port_ > 0 ? fmt::format("port {}\n", port_) : "");
  }

 private:
  char path_[32] = "/tmp/aha_canary_XXXXXX";
  int listener_ = -1;
  int port_ = 0;
};

std::string one_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (size_t at; (at = text.find('\n')) != std::string::npos;) text.replace(at, 1, ", ");
  return text;
}

// Empty if boxes of this kind are made and hold.
std::string why_not(box::Tier tier) {
  BoxServer server(tier, kCanarySlot);
  if (std::string why = server.start(); !why.empty()) return why;
  const Bait bait;
  box::Request request;
  request.job = box::Job::kNative;
  request.timeout_seconds = 20;
  request.memory_bytes = kCanaryMemoryBytes;
  request.output_bytes = 4096;
  const BoxAnswer answer = server.ask(request, box_image(), bait.targets());
  if (answer.reply.cause == box::Cause::kInfra) return answer.reply.reason;
  const bool has_ended = answer.reply.cause == box::Cause::kExited && answer.reply.wait_status == 0;
  if (has_ended && answer.stdout_bytes == "held\n") return "";
  return has_ended ? "the box does not hold; the canary reached: " + one_line(answer.stdout_bytes)
                   : "the canary did not come to its end";
}

struct Attempt {
  Isolation isolation;
  box::Tier tier;
  const char* what;
};
constexpr Attempt kAttempts[] = {
    {Isolation::kCgroup, box::Tier::kCgroup, "user namespaces with a cgroup"},
    {Isolation::kNamespaces, box::Tier::kNamespaces, "user namespaces"},
    {Isolation::kLandlock, box::Tier::kLandlock, "Landlock"},
};

IsolationReport probe(Isolation best) {
  IsolationReport report;
  std::string why_no_namespaces;
  for (const Attempt& attempt : kAttempts) {
    if (attempt.isolation < best) continue;
    const std::string why = why_not(attempt.tier);
    report.findings.push_back(fmt::format("{}: {}", attempt.what, why.empty() ? "every canary was held" : why));
    if (why.empty()) {
      report.isolation = attempt.isolation;
      break;
    }
    if (attempt.isolation == Isolation::kNamespaces) why_no_namespaces = why;
  }
  if (report.isolation >= Isolation::kLandlock) report.remedy = namespace_remedy(why_no_namespaces);
  return report;
}

}  // namespace

IsolationReport probe_isolation(Isolation best) {
  static std::mutex mutex;
  static std::map<Isolation, IsolationReport> known;
  const std::lock_guard lock(mutex);
  const auto found = known.find(best);
  return found != known.end() ? found->second : known.emplace(best, probe(best)).first->second;
}

}  // namespace aha::reward
