// What a server of boxes is before the first one: out of the machine's sight, with a root folder that boxes share.
#include "reward/sandbox/box/stage.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "reward/sandbox/box/landlock.h"
#include "reward/sandbox/box/root_folder.h"

namespace aha::box {
namespace {

std::string failure(const std::string& what) { return what + ": " + strerror(errno); }

// Users that no machine has: limits and signals are counted by user, and boxes that run side by side share none.
uid_t user_of(int owner, int slot) { return 1'600'000'000u + uid_t(owner % 65536) * 1024u + uid_t(slot % 1024); }

bool write_maps(int proc, pid_t process, uid_t user, gid_t group) {
  const std::string folder = std::to_string(process) + "/";
  const std::string users = "0 " + std::to_string(user) + " 1", groups = "0 " + std::to_string(group) + " 1";
  write_small(proc, (folder + "setgroups").c_str(), "deny");
  return write_small(proc, (folder + "uid_map").c_str(), users.c_str()) &&
         write_small(proc, (folder + "gid_map").c_str(), groups.c_str());
}

// Only somebody outside the new namespace may give it a user other than our own: a child that stays behind.
pid_t start_mapper(int proc, uid_t user, Pipe& ready) {
  const pid_t server = getpid(), mapper = fork();
  if (mapper != 0) return mapper;
  ready.write.close();
  char go;
  const bool is_made = read(ready.read.get(), &go, 1) == 1;
  _exit(is_made && write_maps(proc, server, user, user) ? 0 : 1);
}

bool ended_well(pid_t child) {
  int status = 1;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status == 0;
}

// Root of a user namespace of our own: outside it a user without any rights.
std::string enter_user_namespace(int proc, int owner, int slot) {
  const uid_t user = geteuid();
  const gid_t group = getegid();
  Pipe ready;
  if (!make_pipe(ready)) return failure("pipe");
  const pid_t mapper = user == 0 ? start_mapper(proc, user_of(owner, slot), ready) : -1;
  if (user == 0) setgroups(0, nullptr);
  if (unshare(CLONE_NEWUSER) != 0) {
    const std::string why = failure("user namespaces are refused");
    ready.write.close();
    if (mapper > 0) ended_well(mapper);  // a cgroup with somebody in it cannot be removed
    return why;
  }
  prctl(PR_SET_DUMPABLE, 1);  // /proc/self belongs to nobody otherwise
  bool is_mapped = mapper > 0 && write_all(ready.write.get(), "", 1) && ended_well(mapper);
  if (!is_mapped) is_mapped = write_maps(proc, getpid(), user, group);
  if (!is_mapped) return failure("the user namespace gets no users");
  if (setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0) return failure("cannot become the namespace's root");
  prctl(PR_SET_DUMPABLE, 1);
  return "";
}

std::string enter_namespaces(const Stage& stage, int owner, int slot) {
  if (const std::string why = enter_user_namespace(stage.proc.get(), owner, slot); !why.empty()) return why;
  if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) != 0) return failure("namespaces are refused");
  return enter_root_folder();
}

// A user of its own, where we may choose one; else the same, whose processes Landlock keeps it from.
void change_user(int owner, int slot) {
  for (unsigned long capability = 0; capability < 64; ++capability) prctl(PR_CAPBSET_DROP, capability);
  const uid_t user = user_of(owner, slot);
  if (geteuid() != 0 || setgroups(0, nullptr) != 0) return;
  if (setresgid(user, user, user) == 0) (void)!setresuid(user, user, user);
}

std::string enter_landlock_stage(int owner, int slot) {
  const int version = landlock_version();
  if (version < kLandlockNeeded) {
    return "Landlock has version " + std::to_string(version) + ", " + std::to_string(kLandlockNeeded) + " is needed";
  }
  change_user(owner, slot);
  prctl(PR_SET_DUMPABLE, 0);
  return prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 ? "" : failure("cannot reap");
}

}  // namespace

std::string enter_stage(Stage& stage, Tier tier, int owner, int slot) {
  stage.tier = tier;
  stage.proc = Descriptor(open("/proc", O_DIRECTORY | O_PATH | O_CLOEXEC));
  if (!stage.proc) return failure("/proc is not there");
  if (tier == Tier::kLandlock) return enter_landlock_stage(owner, slot);
  if (tier == Tier::kCgroup) {
    const std::string why = stage.group.make("aha-box-" + std::to_string(owner) + "-" + std::to_string(slot));
    if (!why.empty()) return why;
    write_small(stage.proc.get(), "self/oom_score_adj", "-900");  // its boxes go first; only root may say so
  }
  return enter_namespaces(stage, owner, slot);
}

}  // namespace aha::box
