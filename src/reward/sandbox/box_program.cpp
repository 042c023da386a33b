// Starts aha_box out of the library's own bytes, safely beside other threads.
#include "reward/sandbox/box_program.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "reward/sandbox/box_image.h"
#include "reward/sandbox/protocol.h"

namespace aha::reward {
namespace {

constexpr unsigned kExecutableMemory = 0x10;  // MFD_EXEC, which older headers lack

bool write_image(int file) {
  std::string_view rest = box_image();
  while (!rest.empty()) {
    const ssize_t written = write(file, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    rest.remove_prefix(size_t(written));
  }
  return true;
}

// One for the life of the process; nobody can change it any more.
int image_in_memory() {
  static const int image = [] {
    int file = memfd_create("aha_box", MFD_CLOEXEC | MFD_ALLOW_SEALING | kExecutableMemory);
    if (file < 0) file = memfd_create("aha_box", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0) return -1;
    const bool is_whole =
        write_image(file) && fcntl(file, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0;
    const int high = is_whole ? above_standard(file) : -1;
    close(file);
    return high;
  }();
  return image;
}

// Where memory may not be executed: a file that only we may read, gone as soon as it runs.
class TemporaryImage {
 public:
  TemporaryImage() {
    std::error_code error;
    path_ = (std::filesystem::temp_directory_path(error) / "aha_box_XXXXXX").string();
    const int file = mkostemp(path_.data(), O_CLOEXEC);
    is_whole_ = file >= 0 && write_image(file) && fchmod(file, 0700) == 0;
    if (file >= 0) close(file);
  }
  ~TemporaryImage() { unlink(path_.c_str()); }
  const char* path() const { return is_whole_ ? path_.c_str() : nullptr; }

 private:
  std::string path_;
  bool is_whole_ = false;
};

class SpawnSettings {
 public:
  explicit SpawnSettings(const BoxProgramStart& start) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, start.socket, box::kSocket);
    posix_spawn_file_actions_adddup2(&actions_, start.owner, box::kOwner);
    for (int number = 0; number < 3; ++number) {
      posix_spawn_file_actions_addopen(&actions_, number, "/dev/null", O_RDWR, 0);
    }
    posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    // A session of its own: Ctrl-C is for the owner to answer.
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  // 0, or the error's number.
  int spawn(const char* path, char** words, pid_t& process) const {
    char* no_environment[] = {nullptr};
    return posix_spawn(&process, path, &actions_, &attributes_, words, no_environment);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

}  // namespace

int above_standard(int descriptor) { return fcntl(descriptor, F_DUPFD_CLOEXEC, 16); }

std::string start_box_program(const BoxProgramStart& start, pid_t& process) {
  std::vector<std::string> words = {"aha_box"};
  words.insert(words.end(), start.words.begin(), start.words.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const SpawnSettings settings(start);
  int error = ENOSYS;
  if (const int image = image_in_memory(); image >= 0) {
    error = settings.spawn(("/proc/self/fd/" + std::to_string(image)).c_str(), pointers.data(), process);
  }
  if (error != 0) {
    const TemporaryImage image;
    if (image.path()) error = settings.spawn(image.path(), pointers.data(), process);
  }
  if (error == 0) return "";
  process = -1;
  return std::string("the program that makes boxes cannot be started: ") + std::strerror(error);
}

}  // namespace aha::reward
