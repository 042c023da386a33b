// Programs that judge, and programs that do not: whatever they do, the batch ends in time, nothing of them stays, and
// no completion is scored 0 for it. They are written in Python and stand here as a whole.
#include "reward/command/command_reward.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "aha/core/log.h"
#include "unit/core/temporary_folder.h"

namespace aha::reward::command_reward_test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
namespace fs = std::filesystem;

constexpr double kLong = 60;             // seconds: what fails by itself has failed by then, on any machine
constexpr double kShort = 1;             // for what does not end
constexpr milliseconds kToEnd{2000};     // promised, after the deadline
constexpr milliseconds kOfLoad{15'000};  // a machine that builds beside may take so much longer

const std::string kMark = "AHA_TEST_OF_COMMANDS=" + std::to_string(::getpid());

// Every process that a program of these tests has started, for it has the variable from us.
std::vector<std::string> survivors() {
  std::vector<std::string> found;
  std::error_code error;
  for (fs::directory_iterator entry("/proc", error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name == std::to_string(::getpid()) || name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream file(entry->path() / "environ", std::ios::binary);
    for (std::string variable; std::getline(file, variable, '\0');) {
      if (variable == kMark) found.push_back(name);
    }
  }
  return found;
}

RewardConfig config_of(const std::vector<std::string>& command, double timeout_seconds) {
  RewardConfig config;
  config.name = "own";
  config.verifier = "command";
  config.command.command = command;
  config.limits.timeout_seconds = timeout_seconds;
  return config;
}

RewardServices allowing() {
  RewardServices services;
  services.allow_commands = true;
  return services;
}

CommandReward python(const std::string& program, double timeout_seconds, int64_t memory_mb = 0) {
  RewardConfig config = config_of({"python3", "-I", "-c", program}, timeout_seconds);
  if (memory_mb > 0) config.limits.memory_mb = memory_mb;
  return CommandReward(config, allowing());
}

std::vector<Score> judge(const CommandReward& reward, const std::vector<std::string>& completions,
                         std::stop_token stop = {}) {
  static const data::Example example;
  std::vector<Submission> submissions;
  for (const std::string& completion : completions) {
    submissions.push_back({.completion = completion, .example = example, .prompt = "p"});
  }
  return reward.score_batch(submissions, std::move(stop));
}

std::vector<std::optional<double>> values(const std::vector<Score>& scores) {
  std::vector<std::optional<double>> list;
  for (const Score& score : scores) list.push_back(score.value);
  return list;
}

class CommandRewardTest : public testing::Test {
 protected:
  void SetUp() override {
    log::set_level(log::Level::kError);
    const size_t equals = kMark.find('=');
    ::setenv(kMark.substr(0, equals).c_str(), kMark.substr(equals + 1).c_str(), 1);
  }
  void TearDown() override {
    log::set_level(log::Level::kInfo);
    EXPECT_EQ(survivors(), std::vector<std::string>{});
  }
};

// Judges by length; what an honest program looks like.
const std::string kLengths = R"(
import json, sys
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps({"rewards": [len(c) for c in request["completions"]]}), flush=True)
)";

TEST_F(CommandRewardTest, JudgesBatchesWithOneProgram) {
  const CommandReward reward = python(kLengths + "# one\n", kLong);
  EXPECT_TRUE(reward.is_batched());
  EXPECT_EQ(values(judge(reward, {"a", "", "abc"})), (std::vector<std::optional<double>>{1, 0, 3}));
  const std::vector<std::string> before = survivors();
  EXPECT_EQ(values(judge(reward, {"ab"})), (std::vector<std::optional<double>>{2}));
  EXPECT_EQ(survivors(), before);  // the same keeper and program
  EXPECT_EQ(before.size(), 2);
  EXPECT_TRUE(judge(reward, {}).empty());
}

TEST_F(CommandRewardTest, SharesTheProgramAmongRewardsOfOneCommand) {
  const CommandReward training = python(kLengths + "# two\n", kLong), evaluation = python(kLengths + "# two\n", kLong);
  judge(training, {"a"});
  const std::vector<std::string> before = survivors();
  judge(evaluation, {"b"});
  EXPECT_EQ(survivors(), before);
}

TEST_F(CommandRewardTest, PassesMegabytesBothWays) {
  std::vector<std::string> completions(20'000, std::string(200, 'x'));
  completions.push_back(std::string(3'000'000, 'y'));
  const std::vector<Score> scores = judge(python(kLengths, kLong), completions);
  EXPECT_EQ(scores.front().value, 200);
  EXPECT_EQ(scores.back().value, 3'000'000);
}

TEST_F(CommandRewardTest, StartsAProgramAnewThatEndsAfterEachAnswer) {
  const CommandReward reward = python(R"(
import json, sys
print(json.dumps({"rewards": [len(c) for c in json.loads(input())["completions"]]}))
)",
                                      kLong);
  for (double length = 0; length < 4; ++length) {
    EXPECT_EQ(values(judge(reward, {std::string(static_cast<size_t>(length), 'a')})),
              (std::vector<std::optional<double>>{length}));
  }
}

TEST_F(CommandRewardTest, StartsAProgramAnewAfterAFailure) {
  const test::TemporaryFolder folder;
  const std::string flag = (folder.path() / "flag").string();
  const CommandReward reward = python("import os\nif not os.path.exists('" + flag + "'):\n  open('" + flag +
                                          "', 'w')\n  raise SystemExit('no luck')\n" + kLengths,
                                      kLong);
  EXPECT_EQ(judge(reward, {"a"})[0].fault,
            "the command ended with exit code 1 before it had answered; its last words: no luck");
  EXPECT_EQ(values(judge(reward, {"a"})), (std::vector<std::optional<double>>{1}));
}

TEST_F(CommandRewardTest, StopsWhenAsked) {
  const CommandReward reward = python("import time; time.sleep(1000)", kLong);
  std::stop_source source;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(milliseconds(200));
    source.request_stop();
  });
  EXPECT_THROW(judge(reward, {"a"}, source.get_token()), StoppedError);
}

TEST_F(CommandRewardTest, RunsNothingUnlessAllowed) {
  try {
    CommandReward(config_of({"true"}, 1), {});
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "rewards.own.command: is a program that would run with your rights; read it, and say "
                 "--allow-commands");
  }
  EXPECT_THROW(CommandReward(config_of({""}, 1), allowing()), ConfigError);
  EXPECT_EQ(contradictions(config_of({}, 1)).size(), 1);  // without a command
}

TEST_F(CommandRewardTest, NamesAProgramThatIsNotThere) {
  const CommandReward reward(config_of({"/nowhere/at_all"}, kLong), allowing());
  EXPECT_EQ(judge(reward, {"a"})[0].fault, "the command cannot be started: No such file or directory");
}

struct Hostile {
  const char* name;
  double timeout_seconds;
  const char* fault;  // part of what is said of it
  const char* program;
  int64_t memory_mb = 0;
};
void PrintTo(const Hostile& hostile, std::ostream* out) { *out << hostile.name; }

// Ends on its own, by the deadline, or by our refusal.
const Hostile kHostile[] = {
    {"sleeps", kShort, "did not answer in time", "import time; time.sleep(1000)"},
    {"spins", kShort, "did not answer in time", "while True: pass"},
    {"reads_and_says_nothing", kShort, "did not answer in time", "import sys\nfor line in sys.stdin: pass"},
    {"crashes", kLong, "exit code 3", "raise SystemExit(3)"},
    {"crashes_after_reading", kLong, "exit code 4", "input(); raise SystemExit(4)"},
    {"is_ended_by_a_signal", kLong, "signal 11", "import os, signal; input(); os.kill(os.getpid(), signal.SIGSEGV)"},
    {"allocates_without_end", kLong, "MemoryError", "kept = []\nwhile True: kept.append(bytearray(1 << 24))", 512},
    {"gives_too_few", kLong, "gave 1 rewards for 2", R"(input(); print('{"rewards": [1]}', flush=True); input())"},
    {"gives_too_many", kLong, "gave 3 rewards for 2",
     R"(input(); print('{"rewards": [1, 1, 1]}', flush=True); input())"},
    {"gives_nan", kLong, "no JSON", R"(input(); print('{"rewards": [NaN, 1]}', flush=True); input())"},
    {"gives_infinity", kLong, "no JSON", R"(input(); print('{"rewards": [1e999, 1]}', flush=True); input())"},
    {"gives_strings", kLong, "a string", R"(input(); print('{"rewards": ["1", "1"]}', flush=True); input())"},
    {"gives_garbage", kLong, "something deeper",
     R"(input(); print('{"rewards": [[{"a": 1}], 1]}', flush=True); input())"},
    {"gives_deep_lists", kLong, "something deeper", R"(input(); print("[" * 4000, flush=True); input())"},
    {"gives_broken_utf8", kLong, "no JSON",
     R"(import os; input(); os.write(1, b'{"rewards": [1, 1], "\xff\xfe": 1}\n'); input())"},
    {"writes_gigabytes", kLong, "wrote more than", "import os\ninput()\nwhile True: os.write(1, b'0' * (1 << 20))"},
    {"writes_gigabytes_of_lines", kLong, "", "import os\ninput()\nwhile True: os.write(1, b'{}\\n' * (1 << 18))"},
    {"floods_its_stderr", kShort, "did not answer in time",
     "import os\nwhile True: os.write(2, b'\\x1b[31m no \\n' * (1 << 14))"},
    {"stops_within_a_line", kShort, "did not answer in time",
     R"(import os, time; input(); os.write(1, b'{"rewards": [1, '); time.sleep(1000))"},
    {"writes_two_lines", kLong, "more than one line",
     R"(import os; input(); os.write(1, b'{"rewards": [1, 1]}\n{"rewards": [1, 1]}\n'); input())"},
    {"answers_before_it_is_asked", kLong, "before it was asked",
     R"(print('{"rewards": [1, 1]}', flush=True); input(); print('{"rewards": [0, 0]}', flush=True); input())"},
    {"closes_its_stdout", kLong, "closed its stdin or stdout", "import os, time; os.close(1); time.sleep(1000)"},
    {"closes_its_stdin", kLong, "closed its stdin or stdout", "import os, time; os.close(0); time.sleep(1000)"},
    {"kills_its_parent", kLong, "killed the process that it runs under",
     "import os, signal, time; os.kill(os.getppid(), signal.SIGKILL); time.sleep(1000)"},
    {"stops_its_parent", kShort, "did not answer in time",
     "import os, signal, time; os.kill(os.getppid(), signal.SIGSTOP); time.sleep(1000)"},
    {"kills_its_group", kLong, "signal 9", "import os, signal; os.kill(0, signal.SIGKILL)"},
    {"kills_its_parents_group", kLong, "killed the process",
     "import os, signal, time; os.killpg(os.getpgid(os.getppid()), signal.SIGKILL); time.sleep(1000)"},
    {"leaves_a_daemon_that_holds_the_pipes", kLong, "exit code 0",
     "import os, time\nif os.fork(): os._exit(0)\nos.setsid()\nif os.fork(): os._exit(0)\ntime.sleep(1000)"},
    {"leaves_a_daemon_and_kills_its_parent", kLong, "killed the process",
     "import os, signal, time\nif os.fork(): time.sleep(0.2); os.kill(os.getppid(), signal.SIGKILL); time.sleep(1000)\n"
     "os.setsid()\nif os.fork(): os._exit(0)\ntime.sleep(1000)"},
    {"starts_many", kShort, "did not answer in time",
     "import os, time\nfor i in range(60):\n  if os.fork() == 0: os.setsid(); break\ntime.sleep(1000)"},
    {"starts_ever_more", kShort, "did not answer in time",
     "import os, resource, time\nresource.setrlimit(resource.RLIMIT_CPU, (20, 20))\n"
     "for i in range(3000):\n  time.sleep(0.005)\n  if os.fork(): os._exit(0) if i else time.sleep(1000)\n  "
     "os.setsid()"},
    {"ignores_every_signal", kShort, "did not answer in time",
     "import signal, time\nfor s in range(1, 32):\n  if s not in (9, 19): signal.signal(s, signal.SIG_IGN)\n"
     "while True: time.sleep(1000)"},
    {"wants_to_outlive_its_parent", kShort, "did not answer in time",
     "import ctypes, time; ctypes.CDLL(None).prctl(1, 0); time.sleep(1000)"},
    {"stops_itself", kShort, "did not answer in time", "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"},
};

class HostileCommandTest : public CommandRewardTest, public testing::WithParamInterface<Hostile> {};

TEST_P(HostileCommandTest, IsCountedInTimeAndLeavesNothing) {
  const Hostile& hostile = GetParam();
  const auto begin = Clock::now();
  const CommandReward reward = python(hostile.program, hostile.timeout_seconds, hostile.memory_mb);
  const std::vector<Score> scores = judge(reward, {"a", "b"});
  EXPECT_LT(Clock::now() - begin,
            milliseconds(static_cast<int64_t>(1000 * hostile.timeout_seconds)) + kToEnd + kOfLoad);
  EXPECT_EQ(survivors(), std::vector<std::string>{});
  ASSERT_EQ(scores.size(), 2);
  for (const Score& score : scores) {
    EXPECT_EQ(score.value, std::nullopt);
    EXPECT_NE(score.fault.find(hostile.fault), std::string::npos) << score.fault;
    EXPECT_FALSE(score.fault.empty());
    EXPECT_EQ(score.has_timed_out, hostile.timeout_seconds == kShort);
  }
}

INSTANTIATE_TEST_SUITE_P(Programs, HostileCommandTest, testing::ValuesIn(kHostile),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace aha::reward::command_reward_test
