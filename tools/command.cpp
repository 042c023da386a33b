#include "command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <functional>

namespace aha::tools {

namespace {

// CLI11's own checks name the largest double where there is no upper end.
CLI::Validator limit(const std::string& wanted, const std::string& in_help, std::function<bool(double)> holds) {
  return CLI::Validator(
      [=](const std::string& text) {
        double number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        const bool is_number = error == std::errc() && end == text.data() + text.size();
        return is_number && holds(number) ? std::string() : fmt::format("must be {}, but is {}", wanted, text);
      },
      in_help);
}

}  // namespace

Option Option::required() { return Option(option_->required()); }
Option Option::positive() {
  return Option(option_->check(limit("above 0", "POSITIVE", [](double x) { return x > 0; })));
}
Option Option::not_negative() {
  return Option(option_->check(limit("0 or more", "NONNEGATIVE", [](double x) { return x >= 0; })));
}
Option Option::between(int low, int high) { return between(static_cast<double>(low), static_cast<double>(high)); }
Option Option::between(double low, double high) {
  const std::string range = fmt::format("between {} and {}", low, high);
  return Option(option_->check(limit(range, range, [=](double x) { return low <= x && x <= high; })));
}
Option Option::one_of(const std::vector<std::string>& values) { return Option(option_->check(CLI::IsMember(values))); }
Option Option::delimiter(char separator) { return Option(option_->delimiter(separator)); }
Option Option::repeatable() {
  return Option(option_->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll));
}
Option Option::needs(Option other) { return Option(option_->needs(other.option_)); }
Option Option::excludes(Option other) { return Option(option_->excludes(other.option_)); }

Command Command::add_subcommand(const std::string& name, const std::string& help) {
  return Command(app_->add_subcommand(name, help));
}

void Command::require_subcommand() { app_->require_subcommand(1); }

template <class T>
Option Command::add_option(const std::string& name, T& value, const std::string& help) {
  return Option(app_->add_option(name, value, help));
}

template Option Command::add_option(const std::string&, int&, const std::string&);
template Option Command::add_option(const std::string&, int64_t&, const std::string&);
template Option Command::add_option(const std::string&, uint64_t&, const std::string&);
template Option Command::add_option(const std::string&, double&, const std::string&);
template Option Command::add_option(const std::string&, std::string&, const std::string&);
template Option Command::add_option(const std::string&, std::filesystem::path&, const std::string&);
template Option Command::add_option(const std::string&, std::vector<int64_t>&, const std::string&);
template Option Command::add_option(const std::string&, std::vector<std::string>&, const std::string&);
template Option Command::add_option(const std::string&, std::vector<std::filesystem::path>&, const std::string&);

Option Command::add_flag(const std::string& name, bool& value, const std::string& help) {
  return Option(app_->add_flag(name, value, help));
}

void Command::footer(const std::string& text) { app_->footer(text); }
void Command::callback(const std::function<void()>& work) { app_->callback(work); }

}  // namespace aha::tools
