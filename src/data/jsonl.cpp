// JSON read strictly: depth, duplicate keys and encoding are checked while parsing.
#include "aha/data/jsonl.h"

#include <fstream>
#include <optional>
#include <unordered_set>

#include "data/foreign_text.h"

namespace aha::data {
namespace {

constexpr size_t kMaxDepth = 64;
constexpr size_t kMaxLineBytes = 64'000'000;
constexpr size_t kChunkBytes = 1 << 16;

using nlohmann::json;
using nlohmann::ordered_json;

// The members of an object while it is read: they go in by name, each once.
class SortedMembers {
 public:
  bool has(const json& object, const std::string& name) const { return object.contains(name); }
  json* add(json& object, std::string name) { return &object[std::move(name)]; }
};

// Members in the order of the text. The names are kept apart too, for an ordered object looks through all of them.
class OrderedMembers {
 public:
  bool has(const ordered_json&, const std::string& name) const { return names_.contains(name); }
  ordered_json* add(ordered_json& object, std::string name) {
    using Members = ordered_json::object_t::Container;
    names_.insert(name);
    Members& members = object.get_ref<ordered_json::object_t&>();
    return &members.emplace_back(std::move(name), ordered_json()).second;
  }

 private:
  std::unordered_set<std::string> names_;
};

// Builds a value event by event. `open_` holds the containers around the current place; they do not move while
// open, for only the innermost one grows.
template <class Json, class Members>
class StrictBuilder final : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(int64_t value) override { return put(value); }
  bool number_unsigned(uint64_t value) override { return put(value); }
  bool number_float(double value, const std::string&) override { return put(value); }
  bool string(std::string& value) override { return put(std::move(value)); }
  bool binary(typename Json::binary_t&) override { return fail("holds binary data"); }
  bool start_object(size_t) override { return open(Json::object()); }
  bool start_array(size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(std::string& name) override {
    if (open_.back().members.has(*open_.back().value, name))
      return fail("has the key `" + shortened(name) + "` twice; keep one");
    key_ = std::move(name);
    return true;
  }

  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception& error) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 8: syntax error …"
    const std::string text = error.what();
    const size_t begin = text.find("line ");
    return fail("broken JSON, " + shortened(text.substr(begin == std::string::npos ? 0 : begin)));
  }

  Json root;
  std::string problem;

 private:
  struct Container {
    Json* value;
    Members members;
  };

  Json* place(Json value) {
    Json* slot = &root;
    if (!open_.empty()) {
      Container& parent = open_.back();
      slot = parent.value->is_array() ? &parent.value->emplace_back() : parent.members.add(*parent.value, key_);
    }
    *slot = std::move(value);
    return slot;
  }
  bool put(Json value) {
    place(std::move(value));
    return true;
  }
  bool open(Json container) {
    if (open_.size() == kMaxDepth) return fail("is nested deeper than 64 levels");
    open_.push_back({place(std::move(container)), {}});
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }
  bool fail(std::string sentence) {
    problem = std::move(sentence);
    return false;
  }

  std::vector<Container> open_;
  std::string key_;
};

template <class Json, class Members>
Json parse_strictly(std::string_view text, const std::string& place) {
  if (const size_t bad = first_invalid_utf8(text); bad != std::string_view::npos) {
    throw InputError(place, "is not UTF-8 at byte " + std::to_string(bad + 1) + "; save it as UTF-8");
  }
  StrictBuilder<Json, Members> builder;
  // The builder never returns false without a problem, so the result of sax_parse says nothing new.
  Json::sax_parse(text.begin(), text.end(), &builder);
  if (!builder.problem.empty()) throw InputError(place, builder.problem);
  return std::move(builder.root);
}

bool is_blank_line(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

// Cuts a stream into lines without ever holding more than one line and a chunk.
class LineReader {
 public:
  explicit LineReader(const std::filesystem::path& path) : path_(path.string()), stream_(path, std::ios::binary) {
    std::error_code error;
    if (!std::filesystem::exists(path, error)) throw InputError(path_, "is not there; check the path");
    if (std::filesystem::is_directory(path, error)) throw InputError(path_, "is a folder; name a file of JSON lines");
    if (!stream_) throw InputError(path_, "cannot be opened; check its permissions");
  }

  /// The next line without its newline; false at the end of the file.
  bool next(std::string& line) {
    line.clear();
    ++number_;
    while (true) {
      const size_t end = chunk_.find('\n', begin_);
      const size_t count = std::min(end, chunk_.size()) - begin_;
      if (line.size() + count > kMaxLineBytes) {
        skip_line();
        throw InputError(place(), "is longer than 64 MB; split the row");
      }
      line.append(chunk_, begin_, count);
      begin_ += count;
      if (end != std::string::npos) {
        ++begin_;
        return true;
      }
      if (!fill()) return !line.empty();
    }
  }

  int64_t number() const { return number_; }
  std::string place() const { return path_ + ":" + std::to_string(number_); }

 private:
  void skip_line() {
    size_t end = chunk_.find('\n', begin_);
    while (end == std::string::npos && fill()) end = chunk_.find('\n');
    begin_ = end == std::string::npos ? chunk_.size() : end + 1;
  }
  bool fill() {
    chunk_.resize(kChunkBytes);
    stream_.read(chunk_.data(), kChunkBytes);
    if (stream_.bad()) throw IoError(path_ + ": cannot be read to its end");
    chunk_.resize(static_cast<size_t>(stream_.gcount()));
    begin_ = 0;
    return !chunk_.empty();
  }

  std::string path_;
  std::ifstream stream_;
  std::string chunk_;
  size_t begin_ = 0;
  int64_t number_ = 0;
};

// False at the end of the file; a blank line leaves the row empty.
bool next_row(LineReader& reader, std::string& line, std::optional<ordered_json>& row) {
  row.reset();
  if (!reader.next(line)) return false;
  if (reader.number() == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
  if (is_blank_line(line)) return true;
  row = parse_strictly<ordered_json, OrderedMembers>(line, reader.place());
  if (row->is_object()) return true;
  throw InputError(reader.place(), std::string("is a JSON ") + row->type_name() + "; each line must be an object");
}

}  // namespace

json parse_json(std::string_view text, const std::string& place) {
  return parse_strictly<json, SortedMembers>(text, place);
}

void read_jsonl(const std::filesystem::path& path, const std::function<void(int64_t line, ordered_json row)>& take,
                const std::function<void(int64_t line, const InputError& error)>& refuse) {
  LineReader reader(path);
  std::string line;
  std::optional<ordered_json> row;
  while (true) {
    try {
      if (!next_row(reader, line, row)) return;
    } catch (const InputError& error) {
      if (!refuse) throw;
      refuse(reader.number(), error);
      continue;
    }
    if (row) take(reader.number(), std::move(*row));
  }
}

std::string json_line(const nlohmann::ordered_json& row) {
  return row.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace aha::data
