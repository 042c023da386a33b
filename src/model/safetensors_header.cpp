// A SAX reader of the one shape a safetensors header may have, and the arithmetic of its offsets.
#include "aha/model/safetensors_header.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "aha/core/error.h"

namespace aha::model {

namespace {

struct DtypeRow {
  std::string_view name;
  int64_t bits;
};
constexpr std::array kDtypes = {
    DtypeRow{"BOOL", 8}, DtypeRow{"F4", 4},      DtypeRow{"F6_E2M3", 6}, DtypeRow{"F6_E3M2", 6}, DtypeRow{"U8", 8},
    DtypeRow{"I8", 8},   DtypeRow{"F8_E5M2", 8}, DtypeRow{"F8_E4M3", 8}, DtypeRow{"F8_E8M0", 8}, DtypeRow{"I16", 16},
    DtypeRow{"U16", 16}, DtypeRow{"F16", 16},    DtypeRow{"BF16", 16},   DtypeRow{"I32", 32},    DtypeRow{"U32", 32},
    DtypeRow{"F32", 32}, DtypeRow{"C64", 64},    DtypeRow{"F64", 64},    DtypeRow{"I64", 64},    DtypeRow{"U64", 64},
};

// Depths of the header's JSON: the object of all, a tensor or the metadata, a list of numbers.
enum Depth { kOutside = 0, kTop = 1, kMember = 2, kNumbers = 3 };

class HeaderReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit HeaderReader(std::string place) : place_(std::move(place)) {}
  std::vector<SafetensorsEntry> take_entries() { return std::move(entries_); }

  bool null() override { return refuse("null where none belongs"); }
  bool boolean(bool) override { return refuse("a boolean where none belongs"); }
  bool number_integer(number_integer_t) override { return refuse("a negative number"); }
  bool number_float(number_float_t, const string_t&) override { return refuse("a number that is no integer"); }
  bool binary(binary_t&) override { return refuse("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (depth_ != kNumbers) return refuse("a number where none belongs");
    if (value > static_cast<uint64_t>(INT64_MAX)) return refuse("a number beyond 2^63");
    if (static_cast<int64_t>(numbers().size()) == kMaxSafetensorsRank) return refuse("a list of more than 16 numbers");
    numbers().push_back(static_cast<int64_t>(value));
    return true;
  }

  bool string(string_t& value) override {
    if (depth_ != kMember) return refuse("a string where none belongs");
    if (in_metadata_) return true;
    if (field_ != "dtype") return refuse("a string where a list belongs");
    entries_.back().dtype = value;
    return true;
  }

  bool start_object(size_t) override {
    if (depth_ == kOutside || depth_ == kTop) {
      ++depth_;
      return true;
    }
    return refuse("an object where none belongs");
  }

  bool end_object() override {
    if (depth_ == kMember && !in_metadata_) finish_tensor();
    --depth_;
    return true;
  }

  bool key(string_t& value) override {
    if (depth_ == kTop) return start_member(value);
    if (!fields_.insert(value).second) return refuse("the key " + quote_untrusted(value) + " twice");
    if (in_metadata_) return true;
    if (value != "dtype" && value != "shape" && value != "data_offsets") {
      return refuse("the unknown key " + quote_untrusted(value));
    }
    field_ = value;
    return true;
  }

  bool start_array(size_t) override {
    if (depth_ != kMember || in_metadata_ || field_ == "dtype") return refuse("a list where none belongs");
    depth_ = kNumbers;
    return true;
  }
  bool end_array() override {
    depth_ = kMember;
    return true;
  }

  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    throw InputError(place_, fmt::format("the header is no valid JSON at its byte {}; the file is damaged or no "
                                         "safetensors file ({})",
                                         position, error.id));
  }

 private:
  bool refuse(const std::string& what) {
    throw InputError(place_,
                     fmt::format("the header has {}{}; the file is damaged or no safetensors file", what,
                                 entries_.empty() ? "" : " near tensor " + quote_untrusted(entries_.back().name)));
  }

  bool start_member(const std::string& name) {
    if (static_cast<int64_t>(name.size()) > kMaxSafetensorsNameBytes) return refuse("a tensor name above 1 kB");
    if (static_cast<int64_t>(entries_.size()) == kMaxSafetensorsTensors) return refuse("more than a million tensors");
    if (!names_.insert(name).second) return refuse("the tensor " + quote_untrusted(name) + " twice");
    in_metadata_ = name == "__metadata__";
    fields_.clear();
    field_.clear();
    offsets_.clear();
    if (!in_metadata_) entries_.push_back({name, {}, {}, 0, 0});
    return true;
  }

  void finish_tensor() {
    if (fields_.size() != 3) refuse("a tensor without dtype, shape or data_offsets");
    if (offsets_.size() != 2) refuse("data_offsets that are not two numbers");
    entries_.back().begin = offsets_[0];
    entries_.back().end = offsets_[1];
  }

  std::vector<int64_t>& numbers() { return field_ == "shape" ? entries_.back().shape : offsets_; }

  std::string place_, field_;
  std::vector<SafetensorsEntry> entries_;
  std::vector<int64_t> offsets_;
  std::unordered_set<std::string> names_, fields_;
  int depth_ = kOutside;
  bool in_metadata_ = false;
};

// Bytes the shape asks for, or -1 where the product overflows or ends inside a byte.
int64_t bytes_of(const SafetensorsEntry& entry) {
  int64_t bits = safetensors_dtype_bits(entry.dtype);
  for (const int64_t size : entry.shape) {
    if (__builtin_mul_overflow(bits, size, &bits)) return -1;
  }
  return bits % 8 == 0 ? bits / 8 : -1;
}

void check_entry(const SafetensorsEntry& entry, const std::string& place) {
  const std::string where = place + ": " + quote_untrusted(entry.name);
  if (safetensors_dtype_bits(entry.dtype) == 0) {
    throw InputError(where, "unknown dtype " + quote_untrusted(entry.dtype));
  }
  if (entry.begin > entry.end || bytes_of(entry) != entry.end - entry.begin) {
    throw InputError(where, fmt::format("shape [{}] of {} does not fill bytes {} to {}; the file is damaged",
                                        fmt::join(entry.shape, ", "), entry.dtype, entry.begin, entry.end));
  }
}

// Tensors one after another from the first byte to the last: no overlap, no hole, nothing hidden behind.
void check_coverage(const std::vector<SafetensorsEntry>& entries, int64_t data_bytes, const std::string& place) {
  int64_t end = 0;
  for (const SafetensorsEntry& entry : entries) {
    if (entry.begin != end) {
      throw InputError(place + ": " + quote_untrusted(entry.name),
                       fmt::format("starts at byte {} where {} was expected ({}); the file is damaged", entry.begin,
                                   end, entry.begin < end ? "an overlap" : "a hole"));
    }
    end = entry.end;
  }
  if (end != data_bytes) {
    throw InputError(place, fmt::format("holds {} bytes of tensors where its header speaks of {}; the file is cut off "
                                        "or damaged",
                                        data_bytes, end));
  }
}

}  // namespace

int64_t safetensors_dtype_bits(std::string_view dtype) {
  const auto row = std::find_if(kDtypes.begin(), kDtypes.end(), [&](const DtypeRow& r) { return r.name == dtype; });
  return row == kDtypes.end() ? 0 : row->bits;
}

std::string quote_untrusted(std::string_view name) {
  constexpr size_t kShown = 120;
  const nlohmann::json text = std::string(name.substr(0, kShown));
  return text.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + (name.size() > kShown ? "…" : "");
}

std::vector<SafetensorsEntry> parse_safetensors_header(std::string_view json, int64_t data_bytes,
                                                       const std::string& place) {
  if (json.empty() || json.front() != '{') {
    throw InputError(place, "the header does not begin with {; this is no safetensors file");
  }
  // The parser takes a zero byte for the end of its input.
  if (json.find('\0') != std::string_view::npos)
    throw InputError(place, "the header has a zero byte; it is no valid JSON");
  HeaderReader reader(place);
  nlohmann::json::sax_parse(json.begin(), json.end(), &reader);
  std::vector<SafetensorsEntry> entries = reader.take_entries();
  for (const SafetensorsEntry& entry : entries) check_entry(entry, place);
  std::stable_sort(entries.begin(), entries.end(), [](const SafetensorsEntry& a, const SafetensorsEntry& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  check_coverage(entries, data_bytes, place);
  return entries;
}

}  // namespace aha::model
