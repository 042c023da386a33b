// Boxes and their servers end with who made them, and leave nothing behind.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "aha/reward/sandbox.h"
#include "reward/sandbox/box_image.h"
#include "reward/sandbox/toolchain.h"

namespace aha::reward::box_lifetime_test {
namespace {

namespace fs = std::filesystem;

std::vector<pid_t> children_of(pid_t process) {
  std::vector<pid_t> children;
  std::error_code error;
  for (const auto& task : fs::directory_iterator("/proc/" + std::to_string(process) + "/task", error)) {
    std::ifstream file(task.path() / "children");
    for (pid_t child; file >> child;) children.push_back(child);
  }
  return children;
}

std::vector<pid_t> descendants_of(pid_t process) {
  std::vector<pid_t> found = {process};
  for (size_t next = 0; next < found.size(); ++next) {
    for (const pid_t child : children_of(found[next])) found.push_back(child);
  }
  found.erase(found.begin());
  return found;
}

// A process that nobody has waited for yet is dead as well.
bool lives(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const size_t name_end = text.rfind(')');
  return name_end != std::string::npos && text[name_end + 2] != 'Z' && text[name_end + 2] != 'X';
}

template <class Condition>
bool comes_true(const Condition& condition) {
  for (int look = 0; look < 600; ++look) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

int num_descriptors() { return int(std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator())); }

class BoxLifetimeTest : public testing::TestWithParam<Isolation> {
 protected:
  void SetUp() override {
    if (toolchain_path(ProgramLanguage::kPython).empty()) GTEST_SKIP() << "needs python3 in /usr/bin";
    if (probe_isolation(GetParam()).isolation != GetParam()) {
      GTEST_SKIP() << "this machine gives no " << isolation_name(GetParam());
    }
  }
  SandboxOptions options(int num_boxes) const {
    return {.num_boxes = num_boxes, .allow_landlock = true, .best = GetParam()};
  }
};
INSTANTIATE_TEST_SUITE_P(Isolations, BoxLifetimeTest,
                         testing::Values(Isolation::kCgroup, Isolation::kNamespaces, Isolation::kLandlock),
                         [](const auto& isolation) { return isolation_name(isolation.param); });

const Executable kSleeper = {ProgramLanguage::kPython, "import time\nwhile True: time.sleep(1)"};

TEST_P(BoxLifetimeTest, EndWithTheProcessThatAsked) {
  const pid_t owner = fork();
  if (owner == 0) {
    Sandbox sandbox(options(1));
    sandbox.run(kSleeper, "", {.timeout_seconds = 600});
    _exit(0);
  }
  // The server, the box's first process, and the program.
  std::vector<pid_t> started;
  EXPECT_TRUE(comes_true([&] { return (started = descendants_of(owner)).size() >= 3; }));
  kill(owner, SIGKILL);
  waitpid(owner, nullptr, 0);
  for (const pid_t process : started) EXPECT_TRUE(comes_true([&] { return !lives(process); })) << process;
}

TEST_P(BoxLifetimeTest, EndWithTheSandbox) {
  const size_t before = descendants_of(getpid()).size();
  {
    const Sandbox sandbox(options(3));
    EXPECT_EQ(descendants_of(getpid()).size(), before + 3);
  }
  EXPECT_EQ(descendants_of(getpid()).size(), before);
}

TEST_P(BoxLifetimeTest, AProgramThatRanOutOfTimeIsGone) {
  const Sandbox sandbox(options(1));
  const size_t before = descendants_of(getpid()).size();
  EXPECT_EQ(sandbox.run(kSleeper, "", {.timeout_seconds = 0.2}).status, BoxStatus::kTimeout);
  EXPECT_EQ(descendants_of(getpid()).size(), before);
}

TEST_P(BoxLifetimeTest, ALostServerIsReplaced) {
  const Sandbox sandbox(options(1));
  const std::vector<pid_t> servers = children_of(getpid());
  ASSERT_FALSE(servers.empty());
  kill(servers.back(), SIGKILL);
  const BoxRun run = sandbox.run({ProgramLanguage::kPython, "print(1)"}, "");
  EXPECT_EQ(run.stdout_text, "1\n") << run.reason;
}

TEST_P(BoxLifetimeTest, TwoHundredRunsKeepNoDescriptor) {
  const Sandbox sandbox(options(2));
  const Executable canary = {ProgramLanguage::kC, std::string(box_image())};
  EXPECT_EQ(sandbox.run(canary, "").stdout_text, "held\n");
  const int before = num_descriptors();
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 2; ++thread) {
    threads.emplace_back([&] {
      for (int run = 0; run < 100; ++run) sandbox.run(canary, "");
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(num_descriptors(), before);
  // Nor do the servers.
  for (const pid_t server : children_of(getpid())) {
    std::error_code error;
    const auto folder = fs::directory_iterator("/proc/" + std::to_string(server) + "/fd", error);
    if (error) continue;  // not ours to look into
    EXPECT_LE(std::distance(folder, fs::directory_iterator()), 12);
  }
}

TEST_P(BoxLifetimeTest, NoControlGroupIsLeft) {
  const auto groups = [] {
    int found = 0;
    std::error_code error;
    for (const auto& each : fs::directory_iterator("/sys/fs/cgroup/memory", error)) {
      found += each.path().filename().string().starts_with("aha-box-" + std::to_string(getpid()) + "-");
    }
    return found;
  };
  const int before = groups();
  { const Sandbox sandbox(options(1)); }
  EXPECT_EQ(groups(), before);
}

}  // namespace
}  // namespace aha::reward::box_lifetime_test
