// Tolerant reading for reports: they describe runs, they do not judge them.
#include "report/json_lines.h"

#include <fstream>
#include <string>

namespace aha::report {
namespace {

constexpr int kMaxDepth = 64;  // writing JSON recurses: what is deeper is left out here

nlohmann::json parse(const std::string& text) {
  const auto is_shallow = [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) { return depth <= kMaxDepth; };
  return nlohmann::json::parse(text, is_shallow, /*allow_exceptions=*/false);
}

}  // namespace

int64_t for_each_object(const std::filesystem::path& path, const std::function<void(const nlohmann::json&)>& action) {
  std::ifstream file(path, std::ios::binary);
  std::string line;
  int64_t num_broken = 0;
  while (std::getline(file, line)) {
    const bool is_unfinished = file.eof();
    const nlohmann::json object = parse(line);
    if (object.is_object()) {
      action(object);
    } else if (!is_unfinished) {
      ++num_broken;
    }
  }
  return num_broken;
}

nlohmann::json read_object(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  nlohmann::json object = parse(text);
  return object.is_object() ? object : nlohmann::json::object();
}

std::string text_of(const nlohmann::json& object, const char* key, const std::string& otherwise) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

double number_of(const nlohmann::json& object, const char* key, double otherwise) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : otherwise;
}

nlohmann::json list_of(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_array() ? *found : nlohmann::json::array();
}

}  // namespace aha::report
