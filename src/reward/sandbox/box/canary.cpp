// The canary: tries what a box must not let happen.
#include "reward/sandbox/box/canary.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iterator>
#include <sstream>
#include <string>

#include "reward/sandbox/box/descriptor.h"

namespace aha::box {
namespace {

bool opens(const std::string& path, int flags = O_RDONLY) { return bool(Descriptor(open(path.c_str(), flags, 0600))); }

bool has_other_descriptors() {
  for (int number = 4; number < 1024; ++number) {
    if (fcntl(number, F_GETFD) >= 0) return true;
  }
  // The one that a box without folders has is the program itself, sealed.
  return fcntl(3, F_GETFD) >= 0 && write(3, "", 1) >= 0;
}

bool writes_outside_its_folder() {
  for (const char* path :
       {"/canary", "/usr/canary", "/box/canary", "/dev/canary", "/var/tmp/canary", "/dev/shm/canary"}) {
    if (opens(path, O_CREAT | O_WRONLY)) return true;
  }
  return false;
}

bool starts_a_process() {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  if (child > 0) waitpid(child, nullptr, 0);
  return child > 0;
}

bool gets_memory(size_t bytes) {
  void* got = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return got != MAP_FAILED;
}

bool connects(int port) {
  const Descriptor end(socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(uint16_t(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return end && connect(end.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

// Low numbers may be the box's own.
bool reaches_process(pid_t process) { return process > 8 && kill(process, 0) == 0; }

bool gets_rights() {
  return unshare(CLONE_NEWUSER) == 0 || mount("none", "/tmp", "tmpfs", 0, nullptr) == 0 ||
         ptrace(PTRACE_ATTACH, 1, nullptr, nullptr) == 0 || prctl(PR_SET_PDEATHSIG, 0) == 0 || setuid(0) == 0;
}

bool reaches(const std::string& kind, const std::string& what) {
  if (kind == "file") return opens(what);
  if (kind == "process") return reaches_process(pid_t(std::stol(what)));
  if (kind == "port") return connects(int(std::stol(what)));
  if (kind == "memory") return gets_memory(size_t(std::stoll(what)));
  return true;
}

}  // namespace

int try_to_get_out() {
  std::string text, kind, what, found;
  char buffer[4096];
  for (ssize_t got; (got = read(0, buffer, sizeof buffer)) > 0;) text.append(buffer, size_t(got));
  std::istringstream targets(text);
  while (targets >> kind >> what) {
    if (reaches(kind, what)) found += kind + " " + what + "\n";
  }
  if (has_other_descriptors()) found += "descriptors of the server\n";
  if (writes_outside_its_folder()) found += "a file outside /tmp\n";
  if (starts_a_process()) found += "a process\n";
  if (gets_rights()) found += "rights\n";
  if (found.empty()) found = "held\n";
  return write_all(1, found.data(), found.size()) ? 0 : 1;
}

}  // namespace aha::box
