// The only source that knows the YAML library.
#include "core/yaml_reader.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <vector>

#include "aha/core/error.h"
#include "core/utf8.h"
#include "core/yaml_scalar.h"

namespace aha {
namespace {

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view text, const std::string& file_name) : text_(text), file_name_(file_name) {}

  ConfigTree take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++num_documents_ > 1) fail(mark, "a second document begins here; put it into a file of its own");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    if (needs_key()) fail(mark, "this key is empty or null; write a name, or quotes around it");
    place(ConfigTree());
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    fail(mark, "aliases (*name) are not read; write the value out");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    const bool is_quoted = tag == "!";
    if ((!is_quoted && tag != "?") || stands_at(mark, '!')) refuse_tag(mark);
    if (needs_key()) return open_key(mark, value);
    place(ConfigTree(is_quoted ? ConfigTree::Value(value) : plain(mark, value)));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, ConfigTree(ConfigTree::List()));
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, ConfigTree(ConfigTree::Map()));
  }
  void OnMapEnd() override { close(); }

 private:
  struct Level {
    ConfigTree tree;
    std::string key;
    bool has_key = false;
    std::map<std::string, int> key_lines;
  };

  [[noreturn]] void fail(const YAML::Mark& mark, const std::string& sentence) const {
    throw ConfigError(file_name_ + ":" + std::to_string(mark.line + 1), sentence);
  }
  [[noreturn]] void refuse_tag(const YAML::Mark& mark) const {
    fail(mark, "tags (!name) are not read; leave the tag out");
  }
  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) const {
    if (anchor != YAML::NullAnchor) fail(mark, "anchors (&name) are not read; write the value out where it is needed");
  }
  // A lone `!` leaves no trace in the tag of a scalar; the text shows it.
  bool stands_at(const YAML::Mark& mark, char c) const {
    return mark.pos >= 0 && static_cast<size_t>(mark.pos) < text_.size() && text_[mark.pos] == c;
  }

  ConfigTree::Value plain(const YAML::Mark& mark, const std::string& text) const {
    try {
      return read_plain_scalar(text);
    } catch (const InvalidScalar& invalid) {
      fail(mark, invalid.sentence);
    }
  }

  bool needs_key() const { return !levels_.empty() && levels_.back().tree.is_map() && !levels_.back().has_key; }

  void open_key(const YAML::Mark& mark, const std::string& key) {
    Level& level = levels_.back();
    const auto [earlier, is_new] = level.key_lines.emplace(key, mark.line + 1);
    if (!is_new) {
      fail(mark, "`" + key + "` is already set in line " + std::to_string(earlier->second) + "; keep one of the two");
    }
    level.key = key;
    level.has_key = true;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, ConfigTree empty) {
    refuse_anchor(mark, anchor);
    if (tag != "?" && !tag.empty()) refuse_tag(mark);
    if (needs_key()) fail(mark, "a list or map stands where a key is due; check brackets and quotes");
    if (levels_.size() == kMaxConfigDepth) {
      fail(mark, "lists and maps are nested deeper than " + std::to_string(kMaxConfigDepth) + " levels");
    }
    levels_.push_back({.tree = std::move(empty), .key = {}, .has_key = false, .key_lines = {}});
  }

  void close() {
    ConfigTree done = std::move(levels_.back().tree);
    levels_.pop_back();
    place(std::move(done));
  }

  void place(ConfigTree value) {
    if (levels_.empty()) {
      root_ = std::move(value);
    } else if (Level& level = levels_.back(); level.tree.is_list()) {
      level.tree.list().push_back(std::move(value));
    } else {
      level.tree.map().emplace_back(std::move(level.key), std::move(value));
      level.has_key = false;
    }
  }

  std::string_view text_;
  const std::string& file_name_;
  ConfigTree root_;
  std::vector<Level> levels_;
  int num_documents_ = 0;
};

// The parser takes some control characters for the end of the file: refuse them before it sees them.
void refuse_odd_bytes(std::string_view text, const std::string& file_name) {
  int line = 1;
  for (size_t i = 0; i < text.size();) {
    const size_t length = utf8::character_length(text, i);
    const std::string place = file_name + ":" + std::to_string(line);
    if (length == 0) throw ConfigError(place, "is not UTF-8; save the file as UTF-8");
    const char c = text[i];
    if (c == '\n') ++line;
    if (utf8::is_control(text.substr(i, length)) && c != '\n' && c != '\r' && c != '\t') {
      throw ConfigError(place, "has a control character (" + utf8::visible(text.substr(i, length)) + "); remove it");
    }
    i += length;
  }
}

}  // namespace

ConfigTree read_yaml(std::string_view text, const std::string& file_name) {
  if (text.size() > kMaxConfigBytes) throw ConfigError(file_name, "is larger than 1 MB; no recipe needs that");
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  refuse_odd_bytes(text, file_name);
  TreeBuilder builder(text, file_name);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) continue;
  } catch (const YAML::Exception& error) {
    throw ConfigError(file_name + ":" + std::to_string(std::max(error.mark.line, 0) + 1),
                      "is not valid YAML (" + error.msg + "); check indentation, colons and quotes");
  }
  return builder.take();
}

}  // namespace aha
