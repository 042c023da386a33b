// A command line as the verbs describe it. CLI11 is behind it: including that costs a file 5 s of compiling.
#pragma once
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace aha::tools {

/// One option; each member narrows what it takes.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}
  Option required();
  Option positive();
  Option not_negative();
  Option between(int low, int high);
  Option between(double low, double high);
  Option one_of(const std::vector<std::string>& values);
  Option delimiter(char separator);
  Option repeatable();  // one value each time it is given
  Option needs(Option other);
  Option excludes(Option other);

 private:
  CLI::Option* option_;
};

/// A verb, or a verb of a verb; the program owns what it refers to.
class Command {
 public:
  explicit Command(CLI::App* app) : app_(app) {}
  Command add_subcommand(const std::string& name, const std::string& help);
  void require_subcommand();
  /// T: int, int64_t, uint64_t, double, std::string, std::filesystem::path, or a vector of int64_t, string or path
  template <class T>
  Option add_option(const std::string& name, T& value, const std::string& help);
  Option add_flag(const std::string& name, bool& value, const std::string& help);
  void footer(const std::string& text);
  void callback(const std::function<void()>& work);

 private:
  CLI::App* app_;
};

}  // namespace aha::tools
