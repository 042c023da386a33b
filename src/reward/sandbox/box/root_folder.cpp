// The root folder of all boxes: /usr to read, a few devices, and places to mount a box's own folders on.
#include "reward/sandbox/box/root_folder.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "reward/sandbox/box/descriptor.h"

// <sys/mount.h> and <linux/mount.h> disagree in older libraries.
extern "C" int mount(const char*, const char*, const char*, unsigned long, const void*) noexcept;
extern "C" int umount2(const char*, int) noexcept;

namespace aha::box {
namespace {

constexpr unsigned long kNoSuid = 2, kNoDevices = 4, kNoExec = 8, kBind = 4096, kRecursive = 16384, kPrivate = 1 << 18;
constexpr int kDetach = 2;
constexpr const char* kNewRoot = "/tmp";  // any folder that is there: it is only mounted on
constexpr const char* kDevices[] = {"null", "zero", "full", "random", "urandom"};
constexpr const char* kSystemFolders[] = {"bin", "lib", "lib32", "lib64", "libx32"};

std::string failure(const std::string& what) { return what + ": " + strerror(errno); }

bool bind(const std::string& from, const std::string& to) {
  return mount(from.c_str(), to.c_str(), nullptr, kBind | kRecursive, nullptr) == 0;
}

std::string bind_folder(const std::string& from, const std::string& to) {
  if (mkdir(to.c_str(), 0755) != 0 || !bind(from, to)) return failure("cannot bind " + from);
  if (!make_read_only(to.c_str(), MOUNT_ATTR_NODEV)) return failure("cannot make " + from + " read-only");
  return "";
}

// Debian's /lib is a link into /usr; elsewhere it may be a folder.
std::string add_system_folder(const std::string& name, const std::string& root) {
  const std::string from = "/" + name, to = root + "/" + name;
  struct stat found;
  if (lstat(from.c_str(), &found) != 0) return "";
  if (!S_ISLNK(found.st_mode)) return bind_folder(from, to);
  char target[256] = {};
  if (readlink(from.c_str(), target, sizeof target - 1) <= 0) return failure("cannot read " + from);
  return symlink(target, to.c_str()) == 0 ? "" : failure("cannot make " + to);
}

std::string add_device(const std::string& name, const std::string& root) {
  const std::string to = root + "/dev/" + name;
  const Descriptor file(open(to.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
  if (!file || !bind("/dev/" + name, to)) return failure("cannot bind /dev/" + name);
  return make_read_only(to.c_str(), MOUNT_ATTR_NOEXEC) ? "" : failure("cannot restrict /dev/" + name);
}

std::string fill(const std::string& root) {
  for (const char* name : {"/dev", "/box", "/tmp"}) {
    if (mkdir((root + name).c_str(), 0755) != 0) return failure("cannot make " + root + name);
  }
  if (const std::string why = bind_folder("/usr", root + "/usr"); !why.empty()) return why;
  for (const char* name : kSystemFolders) {
    if (const std::string why = add_system_folder(name, root); !why.empty()) return why;
  }
  for (const char* name : kDevices) {
    if (const std::string why = add_device(name, root); !why.empty()) return why;
  }
  return "";
}

}  // namespace

bool mount_memory(const char* path, long long bytes, int num_files, bool executable) {
  char options[128];
  snprintf(options, sizeof options, "size=%lld,nr_inodes=%d,mode=755", bytes, num_files);
  return mount("box", path, "tmpfs", kNoSuid | kNoDevices | (executable ? 0 : kNoExec), options) == 0;
}

bool make_read_only(const char* path, unsigned long long extra_attributes) {
  mount_attr attributes = {};
  attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | extra_attributes;
  return syscall(SYS_mount_setattr, AT_FDCWD, path, AT_RECURSIVE, &attributes, sizeof attributes) == 0;
}

std::string enter_root_folder() {
  if (mount(nullptr, "/", nullptr, kPrivate | kRecursive, nullptr) != 0) return failure("cannot keep mounts private");
  // The devices stand before it covers /tmp, and none of what is bound lies there.
  if (!mount_memory(kNewRoot, 1 << 20, 64, true)) return failure("cannot mount a folder in memory");
  if (const std::string why = fill(kNewRoot); !why.empty()) return why;
  if (chdir(kNewRoot) != 0) return failure("cannot enter the new root");
  // The old root comes to lie on top of the new one and is taken away.
  if (syscall(SYS_pivot_root, ".", ".") != 0) return failure("pivot_root");
  if (umount2(".", kDetach) != 0) return failure("cannot let go of the machine's files");
  if (chdir("/") != 0) return failure("cannot enter /");
  mount_attr attributes = {};
  attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID;
  if (syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, &attributes, sizeof attributes) != 0) {
    return failure("cannot make the root read-only");
  }
  return "";
}

}  // namespace aha::box
