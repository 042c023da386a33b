// What the library and aha_box, the program that makes boxes, say to each other over one socket: these structures as
// they stand in memory, each followed by the bytes that it counts.
#pragma once
#include <cstdint>

namespace aha::box {

// Descriptors that aha_box starts with.
inline constexpr int kSocket = 3;
inline constexpr int kOwner = 4;  // pidfd of the process that asks; boxes end with it

enum class Tier : int32_t { kCgroup, kNamespaces, kLandlock };
enum class Job : int32_t { kPython, kNative, kCompileC, kCompileCpp };

inline bool compiles(Job job) { return job == Job::kCompileC || job == Job::kCompileCpp; }

/// The first word of aha_box: whether it can make boxes of the tier asked for.
struct Hello {
  int32_t works = 0;
  char finding[300] = {};       // why not
  char memory_group[300] = {};  // cgroups to remove when aha_box has ended; empty without
  char process_group[300] = {};
};

struct Request {
  Job job = Job::kPython;
  int32_t unused = 0;
  double timeout_seconds = 0;
  int64_t memory_bytes = 0;
  int64_t output_bytes = 0;   // of stdout and of stderr each
  int64_t program_bytes = 0;  // follow
  int64_t stdin_bytes = 0;    // follow these
};

/// What ended a run.
enum class Cause : int32_t { kExited, kTimeout, kMemory, kOutput, kInfra };

struct Reply {
  Cause cause = Cause::kInfra;
  int32_t wait_status = 0;  // as waitpid gives it; of kExited
  double seconds = 0;       // from the program's start to its end
  double cpu_seconds = 0;
  double waited_seconds = 0;   // for a core, as far as it mattered
  int64_t peak_bytes = 0;      // resident
  int64_t stdout_bytes = 0;    // follow
  int64_t stderr_bytes = 0;    // follow these
  int64_t artifact_bytes = 0;  // what the compiler made; follow these
  char reason[200] = {};       // of kInfra
};

// Where languages live, the same outside and inside.
inline constexpr const char* kPythonPaths[] = {"/usr/bin/python3", "/usr/local/bin/python3"};
inline constexpr const char* kCPaths[] = {"/usr/bin/gcc", "/usr/local/bin/gcc"};
inline constexpr const char* kCppPaths[] = {"/usr/bin/g++", "/usr/local/bin/g++"};

inline constexpr int64_t kMostProgramBytes = int64_t{64} << 20;
inline constexpr int64_t kMostStdinBytes = int64_t{256} << 20;

}  // namespace aha::box
