// The keeper runs from memory, or from a temporary file where the machine runs nothing from memory. posix_spawn copies
// no memory of a large process, and no thread of it is held up.
#include "reward/command/keeper_start.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "reward/command/command_failure.h"
#include "reward/command/keeper/keeper_message.h"
#include "reward/command/keeper_image.h"

extern char** environ;

namespace aha::reward {
namespace {

constexpr int kFirstFree = 10;  // above the numbers that the keeper's ends get

[[noreturn]] void fail_start(const std::string& what, int error) {
  throw CommandFailure("cannot be started: " + what + ": " + std::strerror(error));
}

// Both ends are closed in all programs that this process starts, and stand where no standard stream is.
struct KeeperChannel {
  Descriptor ours, theirs;
};

void keep_above_streams(int number, Descriptor& end) {
  end.reset(number);
  if (number >= kFirstFree) return;
  const int moved = ::fcntl(number, F_DUPFD_CLOEXEC, kFirstFree);
  if (moved < 0) fail_start("a pipe", errno);
  end.reset(moved);
}

void open_pipe(KeeperChannel& channel, bool we_write) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail_start("a pipe", errno);
  Descriptor first(ends[0]), second(ends[1]);
  keep_above_streams(first.release(), we_write ? channel.theirs : channel.ours);
  keep_above_streams(second.release(), we_write ? channel.ours : channel.theirs);
  ::fcntl(channel.ours.get(), F_SETFL, O_NONBLOCK);
}

void open_control(KeeperChannel& channel) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) fail_start("a socket", errno);
  Descriptor first(ends[0]), second(ends[1]);
  keep_above_streams(first.release(), channel.ours);
  keep_above_streams(second.release(), channel.theirs);
  ::fcntl(channel.ours.get(), F_SETFL, O_NONBLOCK);
}

class SpawnSettings {
 public:
  explicit SpawnSettings(const std::array<int, 4>& ends) {
    posix_spawn_file_actions_init(&actions_);
    for (int number = 0; number < std::ssize(ends); ++number) {
      posix_spawn_file_actions_adddup2(&actions_, ends[static_cast<size_t>(number)], number);
    }
    posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  int spawn(const std::string& program, char** arguments, char** environment, pid_t& id) const {
    return ::posix_spawn(&id, program.c_str(), &actions_, &attributes_, arguments, environment);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

std::vector<char*> argument_pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

std::vector<std::string> environment_with(const std::string& mark) {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable; ++variable) variables.emplace_back(*variable);
  variables.push_back(mark);
  return variables;
}

using KeeperStarter = int (*)(const SpawnSettings&, char** arguments, char** environment, pid_t& id);

int start_from_memory(const SpawnSettings& settings, char** arguments, char** environment, pid_t& id) {
  const Descriptor memory(::memfd_create("aha-keeper", MFD_CLOEXEC));
  if (!memory.is_open() || !write_all(memory.get(), keeper_image())) return errno;
  return settings.spawn("/proc/self/fd/" + std::to_string(memory.get()), arguments, environment, id);
}

int start_from_file(const SpawnSettings& settings, char** arguments, char** environment, pid_t& id) {
  std::string path = (std::filesystem::temp_directory_path() / "aha-keeper-XXXXXX").string();
  Descriptor file(::mkostemp(path.data(), O_CLOEXEC));
  if (!file.is_open()) return errno;
  int error = write_all(file.get(), keeper_image()) && ::fchmod(file.get(), S_IRWXU) == 0 ? 0 : errno;
  file.close();  // what is open for writing cannot run
  if (error == 0) error = settings.spawn(path, arguments, environment, id);
  ::unlink(path.c_str());
  return error;
}

}  // namespace

void start_keeper(const CommandLaunch& launch, const std::string& mark, KeeperEnds& ends) {
  KeeperChannel requests, answers, errors, control;
  open_pipe(requests, true);
  open_pipe(answers, false);
  open_pipe(errors, false);
  open_control(control);
  const SpawnSettings settings(
      {requests.theirs.get(), answers.theirs.get(), errors.theirs.get(), control.theirs.get()});
  std::vector<std::string> arguments = {"aha-keeper", std::to_string(launch.address_space_bytes)};
  arguments.insert(arguments.end(), launch.command.begin(), launch.command.end());
  std::vector<std::string> variables = environment_with(mark);
  int error = 0;
  for (const KeeperStarter start : {start_from_memory, start_from_file}) {
    error = start(settings, argument_pointers(arguments).data(), argument_pointers(variables).data(), ends.keeper);
    if (error == 0) break;
  }
  if (error != 0) fail_start("its keeper", error);
  ends.requests.reset(requests.ours.release());
  ends.answers.reset(answers.ours.release());
  ends.errors.reset(errors.ours.release());
  ends.control.reset(control.ours.release());
}

}  // namespace aha::reward
