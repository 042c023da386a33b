// What a box promises, one test a promise, in every isolation that this machine gives.
#include "aha/reward/sandbox.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "aha/core/error.h"
#include "reward/sandbox/toolchain.h"
#include "unit/core/temporary_folder.h"

namespace aha::reward::sandbox_test {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMegabyte = 1 << 20;

// Boxes of one kind for all tests of it; null where this machine does not make them.
const Sandbox* sandbox_of(Isolation isolation) {
  static std::map<Isolation, std::unique_ptr<Sandbox>> made;
  if (!made.contains(isolation)) {
    const bool is_given = probe_isolation(isolation).isolation == isolation;
    made[isolation] =
        is_given ? std::make_unique<Sandbox>(SandboxOptions{.num_boxes = 2, .allow_landlock = true, .best = isolation})
                 : nullptr;
  }
  return made[isolation].get();
}

class BoxTest : public testing::TestWithParam<Isolation> {
 protected:
  void SetUp() override {
    if (toolchain_path(ProgramLanguage::kPython).empty()) GTEST_SKIP() << "needs python3 in /usr/bin";
    sandbox_ = sandbox_of(GetParam());
    if (!sandbox_) GTEST_SKIP() << "this machine gives no " << isolation_name(GetParam());
  }
  BoxRun run_python(const std::string& program, std::string_view input = "", const BoxLimits& limits = {}) const {
    return sandbox_->run({ProgramLanguage::kPython, program}, input, limits);
  }
  const Sandbox* sandbox_ = nullptr;
};
INSTANTIATE_TEST_SUITE_P(Isolations, BoxTest,
                         testing::Values(Isolation::kCgroup, Isolation::kNamespaces, Isolation::kLandlock),
                         [](const auto& isolation) { return isolation_name(isolation.param); });

void expect_ok(const BoxRun& run, const std::string& output) {
  EXPECT_STREQ(box_status_name(run.status), "ok") << run.reason << run.stderr_text;
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.stdout_text, output);
}

TEST_P(BoxTest, ReadsStdinAndWritesStdout) {
  expect_ok(run_python("print(sum(map(int, input().split())))", "20 22\n"), "42\n");
}

TEST_P(BoxTest, OrdinaryImportsWork) {
  expect_ok(
      run_python("import math, collections, itertools, re, json, heapq, functools, sys, bisect, random, string\n"
                 "import datetime, decimal, fractions, threading, asyncio, concurrent.futures\n"
                 "async def five(): return 5\n"
                 "with concurrent.futures.ThreadPoolExecutor(8) as pool: print(sum(pool.map(abs, range(-4, 4))))\n"
                 "print(asyncio.run(five()))\n"
                 "exit()"),
      "16\n5\n");
}

TEST_P(BoxTest, TellsHowAProgramEnded) {
  const struct {
    const char* program;
    BoxStatus status;
    int exit_code;
  } cases[] = {
      {"exit(3)", BoxStatus::kRuntimeError, 3},
      {"import os; os._exit(77)", BoxStatus::kRuntimeError, 77},
      {"exit(256)", BoxStatus::kOk, 0},
      {"raise ValueError", BoxStatus::kRuntimeError, 1},
      {"import os; os.kill(os.getpid(), 11)", BoxStatus::kRuntimeError, 139},
      {"import os; os.abort()", BoxStatus::kRuntimeError, 134},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.program);
    const BoxRun run = run_python(each.program);
    EXPECT_STREQ(box_status_name(run.status), box_status_name(each.status));
    EXPECT_EQ(run.exit_code, each.exit_code);
  }
}

TEST_P(BoxTest, SeesNoFileOfTheHost) {
  const test::TemporaryFolder folder;
  std::ofstream(folder.path() / "answers.txt") << "42";
  const std::string program =
      "import os\n"
      "def reads(path):\n"
      "    try: return bool(open(path, 'rb').read(1))\n"
      "    except OSError: return False\n"
      "paths = input().split()\n"
      "print([path for path in paths if reads(path)], len(os.environ), sorted(os.environ)[0])";
  const BoxRun run = run_python(program, (folder.path() / "answers.txt").string() +
                                             " /etc/passwd /etc/hostname /proc/1/environ /proc/self/maps /proc/mounts "
                                             "/sys/kernel/mm/transparent_hugepage/enabled\n");
  expect_ok(run, "[] 7 HOME\n");
}

TEST_P(BoxTest, WritesNothingOutsideItsFolder) {
  const BoxRun run = run_python(
      "import os\n"
      "def writes(path):\n"
      "    try: open(path + '/aha_written', 'w').close(); return True\n"
      "    except OSError: return False\n"
      "print([path for path in ['/', '/usr', '/usr/lib', '/box', '/dev', '/dev/shm', '/var/tmp', '/root'] if "
      "writes(path)])");
  expect_ok(run, "[]\n");
}

TEST_P(BoxTest, ChangesNoFileOfItsOwnUser) {
  // As where everything runs as one user: Landlock sees neither the modes nor the times of files.
  const Sandbox sandbox({.num_boxes = 1, .allow_landlock = true, .best = GetParam()});
  const BoxRun who = sandbox.run({ProgramLanguage::kPython, "import os; print(os.getuid())"}, "");
  const test::TemporaryFolder folder;
  const std::string path = folder / "mine.txt";
  std::ofstream(path) << "42";
  fs::permissions(folder.path(), fs::perms(0755));
  fs::permissions(path, fs::perms(0644));
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(path.c_str(), uid_t(std::stoul(who.stdout_text)), 0), 0);
  }
  const BoxRun run =
      sandbox.run({ProgramLanguage::kPython,
                   "import os\n"
                   "path = input()\n"
                   "for change in (lambda: os.chmod(path, 0o777), lambda: os.utime(path, (0, 0)), lambda: "
                   "os.truncate(path, 0),\n"
                   "               lambda: os.unlink(path), lambda: os.rename(path, path + 'x'), lambda: "
                   "os.chown(path, -1, -1)):\n"
                   "    try: change(); print('changed')\n"
                   "    except OSError: pass"},
                  path);
  expect_ok(run, "");
  EXPECT_EQ(fs::status(path).permissions(), fs::perms(0644));
  EXPECT_EQ(fs::file_size(path), 2U);
}

TEST_P(BoxTest, SharesNoMemoryThatNoLimitCounts) {
  // A shared mapping's memory stays when the mapping shrinks.
  const BoxRun run = run_python(
      "import mmap\n"
      "for flags in (mmap.MAP_SHARED, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS):\n"
      "    try: mmap.mmap(-1, 4096, flags); print('shared')\n"
      "    except OSError: pass\n"
      "mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)[0] = 1");
  expect_ok(run, "");
}

TEST_P(BoxTest, HasNoNetwork) {
  expect_ok(run_python("import socket\n"
                       "for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK):\n"
                       "    try: socket.socket(family, socket.SOCK_RAW if family == socket.AF_NETLINK else "
                       "socket.SOCK_STREAM); print(family)\n"
                       "    except OSError: pass"),
            "");
}

TEST_P(BoxTest, IsOneProcess) {
  expect_ok(run_python("import os, subprocess\n"
                       "for start in (os.fork, lambda: subprocess.run(['/usr/bin/true']), lambda: os.posix_spawn("
                       "'/usr/bin/true', ['true'], {})):\n"
                       "    try: start(); print('started')\n"
                       "    except OSError: pass"),
            "");
}

TEST_P(BoxTest, ChangesNoProcessOutside) {
  const BoxRun run = run_python(
      "import os, signal\n"
      "try: os.kill(int(input()), signal.SIGKILL); print('killed')\n"
      "except OSError: print('held')",
      std::to_string(::getpid()));
  expect_ok(run, "held\n");
}

TEST_P(BoxTest, EndsWithItsMemory) {
  const BoxLimits limits{.memory_bytes = 128 * kMegabyte};
  EXPECT_EQ(run_python("x = bytearray(10**10)", "", limits).status, BoxStatus::kMemory);
  EXPECT_EQ(run_python("x = []\nwhile True: x.append('a' * 10**6)", "", limits).status, BoxStatus::kMemory);
  EXPECT_EQ(run_python("x = bytearray(64 * 2**20)", "", limits).status, BoxStatus::kOk);
}

TEST_P(BoxTest, EndsWithItsTime) {
  const BoxLimits limits{.timeout_seconds = 0.5};
  for (const char* program : {"while True: pass", "import time; time.sleep(100)",
                              "import sys; sys.stdin.read()\n"
                              "import signal; signal.pause()"}) {
    SCOPED_TRACE(program);
    const BoxRun run = run_python(program, "", limits);
    EXPECT_EQ(run.status, BoxStatus::kTimeout) << run.reason;
    EXPECT_GE(run.seconds, 0.5);
  }
}

TEST_P(BoxTest, EndsWithItsOutput) {
  const BoxLimits limits{.output_bytes = 1000};
  EXPECT_EQ(run_python("print('x' * 999)", "", limits).status, BoxStatus::kOk);
  for (const char* stream : {"stdout", "stderr"}) {
    const BoxRun run = run_python(std::string("import sys\nsys.") + stream + ".write('x' * 1001)", "", limits);
    EXPECT_EQ(run.status, BoxStatus::kOutputLimit);
    EXPECT_EQ(run.stdout_text.size() + run.stderr_text.size(), 1000U);
  }
}

TEST_P(BoxTest, VerdictCannotBeForged) {
  // Whatever descriptor the verdict goes through, it is not among the program's; none of its relatives can be reached.
  const BoxRun run = run_python(
      "import os, ctypes\n"
      "for number in range(3, 64):\n"
      "    try: os.write(number, bytes(200))\n"
      "    except OSError: pass\n"
      "for number in (1, os.getppid()):\n"
      "    for call in (lambda: os.kill(number, 9), lambda: open(f'/proc/{number}/mem', 'r+b'),\n"
      "                 lambda: os.close(os.pidfd_open(number))):\n"
      "        try: call(); print(number) if number > 1 else None\n"
      "        except OSError: pass\n"
      "os._exit(77)");
  EXPECT_EQ(run.status, BoxStatus::kRuntimeError);
  EXPECT_EQ(run.exit_code, 77);
  EXPECT_EQ(run.stdout_text, "");
}

TEST_P(BoxTest, AMegabyteGoesBothWays) {
  // Both sides write before either reads: who would wait for the other stands still.
  std::string input;
  for (int line = 0; line < 150'000; ++line) input += std::to_string(line) + "\n";
  ASSERT_GT(input.size(), size_t(kMegabyte) * 3 / 4);
  expect_ok(
      run_python("import sys\nfor line in sys.stdin: sys.stdout.write(line)", input, {.output_bytes = 2 * kMegabyte}),
      input);
  expect_ok(run_python("print('done')", input), "done\n");
}

TEST_P(BoxTest, KeepsBytesAsTheyAre) {
  std::string bytes;
  for (int value = 0; value < 256; ++value) bytes += char(value);
  expect_ok(run_python("import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read())", bytes), bytes);
}

TEST_P(BoxTest, NothingStaysForTheNextProgram) {
  for (int box = 0; box < 4; ++box) {
    expect_ok(run_python("import os\n"
                         "try:\n"
                         "    print(os.listdir('/tmp'))\n"
                         "    open('/tmp/left', 'w').close()\n"
                         "except PermissionError: print([])"),  // where no folder can be given
              "[]\n");
  }
}

TEST_P(BoxTest, ServesManyThreads) {
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 16; ++thread) {
    threads.emplace_back([&, thread] {
      const BoxRun run = run_python("print(int(input()) ** 2)", std::to_string(thread));
      right += run.status == BoxStatus::kOk && run.stdout_text == std::to_string(thread * thread) + "\n";
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 16);
}

TEST_P(BoxTest, CompilesWhereABoxMayHaveProcesses) {
  for (const auto language : {ProgramLanguage::kC, ProgramLanguage::kCpp}) {
    if (toolchain_path(language).empty()) GTEST_SKIP() << "needs gcc and g++";
    BoxRun run;
    if (GetParam() == Isolation::kLandlock) {
      EXPECT_THROW(sandbox_->compile(language, "int main(){}", run), MissingError);
      continue;
    }
    const Executable right = sandbox_->compile(
        language, "#include <stdio.h>\nint main(){int a, b; scanf(\"%d%d\", &a, &b); printf(\"%d\\n\", a*b);}", run);
    EXPECT_EQ(run.status, BoxStatus::kOk) << run.stderr_text;
    expect_ok(sandbox_->run(right, "6 7"), "42\n");
    const Executable wrong = sandbox_->compile(language, "int main(){ return undeclared; }", run);
    EXPECT_EQ(run.status, BoxStatus::kCompileError);
    EXPECT_NE(run.stderr_text.find("undeclared"), std::string::npos);
    EXPECT_TRUE(wrong.bytes.empty());
  }
}

TEST_P(BoxTest, CompilerSeesNoFileOfTheHost) {
  if (GetParam() == Isolation::kLandlock) return;  // which runs no compiler: see above
  if (toolchain_path(ProgramLanguage::kC).empty()) GTEST_SKIP() << "needs gcc";
  const test::TemporaryFolder folder;
  const std::string path = (folder.path() / "answers.txt").string();
  std::ofstream(path) << "secret";
  for (const std::string& source :
       {"#include \"" + path + "\"\nint main(){}", "int main(){ asm(\".incbin \\\"" + path + "\\\"\"); }"}) {
    BoxRun run;
    EXPECT_TRUE(sandbox_->compile(ProgramLanguage::kC, source, run).bytes.empty());
    EXPECT_EQ(run.status, BoxStatus::kCompileError);
    EXPECT_EQ(run.stderr_text.find("secret"), std::string::npos);
  }
}

TEST_P(BoxTest, WhatIsNoProgramIsNoFaultOfTheMachine) {
  // Else a program that a compiler was tricked into would be masked, not judged.
  const BoxRun run = sandbox_->run({ProgramLanguage::kC, "no program"}, "");
  EXPECT_EQ(run.status, BoxStatus::kRuntimeError);
  EXPECT_EQ(run.exit_code, 126);
}

TEST(Sandbox, RefusesWhereNothingIsolates) {
  EXPECT_EQ(probe_isolation(Isolation::kNone).isolation, Isolation::kNone);
  EXPECT_THROW(Sandbox({.best = Isolation::kNone}), MissingError);
}

TEST(Sandbox, LandlockAloneMustBeAllowed) {
  try {
    Sandbox({.best = Isolation::kLandlock});
    FAIL() << "was made";
  } catch (const MissingError& error) {
    EXPECT_NE(std::string(error.what()).find("user namespaces"), std::string::npos) << error.what();
  }
}

TEST(Sandbox, RefusesLimitsWithoutSense) {
  const Sandbox* sandbox = sandbox_of(probe_isolation().isolation);
  if (!sandbox) GTEST_SKIP() << "this machine does not isolate";
  const Executable program{ProgramLanguage::kC, ""};
  EXPECT_THROW(sandbox->run(program, "", {.timeout_seconds = 0}), ConfigError);
  EXPECT_THROW(sandbox->run(program, "", {.memory_bytes = 1000}), ConfigError);
  EXPECT_THROW(sandbox->run(program, "", {.output_bytes = -1}), ConfigError);
}

}  // namespace
}  // namespace aha::reward::sandbox_test
