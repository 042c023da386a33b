// Reads JSON files that a run is perhaps still writing: what is broken or missing is left out and counted.
#pragma once
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

namespace aha::report {

/// Calls `action` with every object of a JSON-lines file, in order; a missing file has none.
/// Returns how many lines were no JSON object, an unfinished last line not counted.
int64_t for_each_object(const std::filesystem::path& path, const std::function<void(const nlohmann::json&)>& action);

/// The object in a file, or an empty one where the file is missing or broken.
nlohmann::json read_object(const std::filesystem::path& path);

/// Members of an object in the wanted kind, else the given value: a run's files may be old, cut or edited.
std::string text_of(const nlohmann::json& object, const char* key, const std::string& otherwise = "");
double number_of(const nlohmann::json& object, const char* key, double otherwise = 0);
nlohmann::json list_of(const nlohmann::json& object, const char* key);

}  // namespace aha::report
