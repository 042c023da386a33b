// Gathers findings and joins them.
#include "model/findings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "aha/core/error.h"
#include "aha/model/safetensors_header.h"

namespace aha::model {

namespace {

constexpr size_t kMaxNamesListed = 20;

void add_part(std::vector<std::string>& parts, const char* what, const std::vector<std::string>& names) {
  if (names.empty()) return;
  const size_t shown = std::min(names.size(), kMaxNamesListed);
  const std::string text = fmt::format("{}", fmt::join(names.begin(), names.begin() + shown, ", "));
  const std::string more = shown == names.size() ? "" : fmt::format(" and {} more", names.size() - shown);
  parts.push_back(fmt::format("{}: {}{}", what, text, more));
}

}  // namespace

void Findings::add_missing(const std::string& name) {
  missing_.push_back(name);
  lacks_only_mtp_ = lacks_only_mtp_ && name.starts_with(mtp_prefix_);
}

void Findings::add_unexpected(const std::string& name) { unexpected_.push_back(quote_untrusted(name)); }

void Findings::add_misshaped(const std::string& name, const std::vector<int64_t>& found, at::IntArrayRef expected) {
  misshaped_.push_back(fmt::format("{} is [{}], not [{}]", name, fmt::join(found, ", "), fmt::join(expected, ", ")));
}

void Findings::add_unreadable(const std::string& name, const std::string& dtype) {
  unreadable_.push_back(fmt::format("{} is {}", name, dtype));
}

void Findings::throw_if_any(const std::string& place) const {
  std::vector<std::string> parts;
  add_part(parts, "missing", missing_);
  add_part(parts, "unexpected", unexpected_);
  add_part(parts, "mis-shaped", misshaped_);
  add_part(parts, "of a dtype that is not read", unreadable_);
  if (parts.empty()) return;
  throw InputError(place, fmt::format("tensors do not fit config.json; {}; {}", fmt::join(parts, "; "), remedy()));
}

// Other programs drop the MTP module when they save, but keep its number in config.json.
const char* Findings::remedy() const {
  const bool misses_alone = unexpected_.empty() && misshaped_.empty() && unreadable_.empty();
  if (!missing_.empty() && lacks_only_mtp_ && misses_alone) {
    return "set num_nextn_predict_layers to 0 there to go on without the MTP module";
  }
  return "use the config.json these weights came with";
}

}  // namespace aha::model
