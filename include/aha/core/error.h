// The errors of the program: what each means for the exit code, and how its sentence is built.
#pragma once
#include <stdexcept>
#include <string>

namespace aha {

/// What the process tells its caller.
enum class ExitCode { kDone = 0, kFailed = 1, kWrongInput = 2, kMissing = 3, kStopped = 75 };

/// Base of all errors that reach main(). `what()` is one sentence: where, what, what to do.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& sentence) : std::runtime_error(sentence), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

/// A recipe or an option is wrong: "stages.0.num_generation: unknown key; did you mean …". Exit 2.
/// Several findings of one file are joined by newlines.
struct ConfigError : Error {
  explicit ConfigError(const std::string& sentence) : Error(ExitCode::kWrongInput, sentence) {}
  ConfigError(const std::string& path, const std::string& sentence) : ConfigError(path + ": " + sentence) {}
};

/// A file's content is wrong; `place` is "train.jsonl:17" or "model.safetensors: lm_head.weight". Exit 2.
struct InputError : Error {
  InputError(const std::string& place, const std::string& sentence)
      : Error(ExitCode::kWrongInput, place + ": " + sentence) {}
};

/// The machine lacks something; the sentence says how to get it. Exit 3.
struct MissingError : Error {
  explicit MissingError(const std::string& sentence) : Error(ExitCode::kMissing, sentence) {}
};

/// The disk failed: "cannot write runs/smoke/x: No space left on device". Exit 1.
struct IoError : Error {
  explicit IoError(const std::string& sentence) : Error(ExitCode::kFailed, sentence) {}
  /// Names the operation, the path and strerror(error_number).
  IoError(const std::string& operation, const std::string& path, int error_number);
};

/// Shapes, dtypes or devices disagree; our own mistake. Exit 1.
struct ShapeError : Error {
  explicit ShapeError(const std::string& sentence) : Error(ExitCode::kFailed, sentence) {}
};

/// CUDA or NCCL said no; the sentence carries call and code. Exit 1.
struct DeviceError : Error {
  explicit DeviceError(const std::string& sentence) : Error(ExitCode::kFailed, sentence) {}
};

/// A stop signal was obeyed and everything is saved; the same command continues. Exit 75.
struct StoppedError : Error {
  explicit StoppedError(const std::string& sentence) : Error(ExitCode::kStopped, sentence) {}
};

[[noreturn]] void fail_check(const char* expression, const char* file, int line, const std::string& detail);

}  // namespace aha

/// Throws ShapeError when our own assumption does not hold. `detail` is evaluated only then.
#define AHA_CHECK(condition, detail)                                             \
  do {                                                                           \
    if (!(condition)) ::aha::fail_check(#condition, __FILE__, __LINE__, detail); \
  } while (false)
