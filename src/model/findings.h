// What is wrong with a folder's set of tensors, said in one sentence.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace aha::model {

class Findings {
 public:
  /// @param mtp_prefix how names of the MTP module's tensors begin
  explicit Findings(std::string mtp_prefix) : mtp_prefix_(std::move(mtp_prefix)) {}
  void add_missing(const std::string& name);
  void add_unexpected(const std::string& name);
  void add_misshaped(const std::string& name, const std::vector<int64_t>& found, at::IntArrayRef expected);
  void add_unreadable(const std::string& name, const std::string& dtype);
  /// @throws InputError if there were any
  void throw_if_any(const std::string& place) const;

 private:
  const char* remedy() const;
  const std::string mtp_prefix_;
  bool lacks_only_mtp_ = true;
  std::vector<std::string> missing_, unexpected_, misshaped_, unreadable_;
};

}  // namespace aha::model
