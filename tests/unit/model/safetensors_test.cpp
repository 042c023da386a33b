// Every rule of the safetensors format, each with a file that breaks it; what is written reads back bit for bit.
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include "aha/model/safetensors.h"

#include <gtest/gtest.h>

#include <cstring>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "unit/core/temporary_folder.h"

namespace aha::model::safetensors_test {
namespace {

using test::sentence_of;
using test::TemporaryFolder;

std::string file_bytes(const std::string& header, size_t data_bytes) {
  const uint64_t length = header.size();
  std::string bytes(reinterpret_cast<const char*>(&length), sizeof length);
  return bytes + header + std::string(data_bytes, '\1');
}

std::string refusal(const std::string& header, size_t data_bytes) {
  return sentence_of<InputError>(
      [&] { parse_safetensors_header(header, static_cast<int64_t>(data_bytes), "w.safetensors"); });
}

std::string opening(const std::string& bytes) {
  const TemporaryFolder folder;
  write_file_atomic(folder / "w.safetensors", bytes);
  return sentence_of<InputError>([&] { SafetensorsFile(folder / "w.safetensors"); });
}

std::string tensor(const std::string& name, const std::string& rest) { return "\"" + name + "\":{" + rest + "}"; }

constexpr const char* kTwoFloats = R"("dtype":"F32","shape":[2],"data_offsets":[0,8])";

TEST(SafetensorsHeader, ReadsEntriesInFileOrder) {
  const std::string header =
      R"({"__metadata__":{"format":"pt"},)" + tensor("b", R"("dtype":"F16","shape":[],"data_offsets":[8,10])") + "," +
      tensor("a", kTwoFloats) + "," + tensor("empty", R"("dtype":"F32","shape":[3,0],"data_offsets":[8,8])") + "}  ";
  const auto entries = parse_safetensors_header(header, 10, "w");
  ASSERT_EQ(entries.size(), 3);
  EXPECT_EQ(entries[0].name, "a");
  EXPECT_EQ(entries[0].shape, (std::vector<int64_t>{2}));
  EXPECT_EQ(entries[1].name, "empty");
  EXPECT_EQ(entries[2].dtype, "F16");
  EXPECT_EQ(entries[2].begin, 8);
  EXPECT_EQ(entries[2].end, 10);
  EXPECT_TRUE(parse_safetensors_header("{}", 0, "w").empty());
}

struct Refusal {
  std::string header;
  size_t data_bytes;
  std::string sentence;  // a part of it
};

TEST(SafetensorsHeader, RefusesWhateverBreaksTheFormat) {
  const std::string a = tensor("a", kTwoFloats);
  const std::vector<Refusal> refusals = {
      {"", 0, "does not begin with {"},
      {" {}", 0, "does not begin with {"},
      {"\xEF\xBB\xBF{}", 0, "does not begin with {"},
      {"{" + a, 8, "no valid JSON"},
      {"{" + a + "}x", 8, "no valid JSON"},
      {"{" + a + "}" + std::string(1, '\0'), 8, "a zero byte"},
      {"{\"a\xff\":{}}", 0, "no valid JSON"},
      {"{" + a + "," + a + "}", 8, "the tensor \"a\" twice"},
      {R"({"__metadata__":{},"__metadata__":{}})", 0, "twice"},
      {R"({"__metadata__":{"x":"1","x":"2"}})", 0, "the key \"x\" twice"},
      {R"({"__metadata__":{"x":1}})", 0, "a number where none belongs"},
      {R"({"__metadata__":{"x":{}}})", 0, "an object where none belongs"},
      {R"({"__metadata__":[]})", 0, "a list where none belongs"},
      {R"({"a":1})", 8, "a number where none belongs"},
      {R"({"a":null})", 8, "null where none belongs"},
      {"{" + tensor("a", R"("dtype":"F32","shape":[2])") + "}", 8, "without dtype, shape or data_offsets"},
      {"{" + tensor("a", std::string(kTwoFloats) + R"(,"shape":[2])") + "}", 8, "the key \"shape\" twice"},
      {"{" + tensor("a", std::string(kTwoFloats) + R"(,"strides":[2])") + "}", 8, "unknown key \"strides\""},
      {"{" + tensor("a", R"("dtype":"F32","shape":[2.0],"data_offsets":[0,8])") + "}", 8, "no integer"},
      {"{" + tensor("a", R"("dtype":"F32","shape":[-2],"data_offsets":[0,8])") + "}", 8, "a negative number"},
      {"{" + tensor("a", R"("dtype":"F32","shape":[[2]],"data_offsets":[0,8])") + "}", 8, "a list where none"},
      {"{" + tensor("a", R"("dtype":"F32","shape":true,"data_offsets":[0,8])") + "}", 8, "a boolean"},
      {"{" + tensor("a", R"("dtype":["F32"],"shape":[2],"data_offsets":[0,8])") + "}", 8, "a list where none"},
      {"{" + tensor("a", R"("dtype":"F32","shape":"2","data_offsets":[0,8])") + "}", 8, "a string where a list"},
      {"{" + tensor("a", R"("dtype":"F33","shape":[2],"data_offsets":[0,8])") + "}", 8, "unknown dtype \"F33\""},
      {"{" + tensor("a", R"("dtype":"F32","shape":[2],"data_offsets":[0,8,9])") + "}", 8, "not two numbers"},
      {"{" + tensor("a", R"("dtype":"F32","shape":[2],"data_offsets":[8,0])") + "}", 8, "does not fill bytes 8 to 0"},
      {"{" + tensor("a", R"("dtype":"F32","shape":[3],"data_offsets":[0,8])") + "}", 8, "does not fill bytes 0 to 8"},
      {"{" + tensor("a", R"("dtype":"F4","shape":[3],"data_offsets":[0,1])") + "}", 1, "does not fill"},
      // 2^33 · 2^33 floats wrap around 64 bits to nothing.
      {"{" + tensor("a", R"("dtype":"F32","shape":[8589934592,8589934592],"data_offsets":[0,0])") + "}", 0,
       "does not fill"},
      {"{" + tensor("a", R"("dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,8])") + "}", 8,
       "beyond 2^63"},
      {"{" + tensor("a", R"("dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2],"data_offsets":[0,8])") + "}", 8,
       "more than 16 numbers"},
      {"{" + tensor(std::string(1025, 'n'), kTwoFloats) + "}", 8, "name above 1 kB"},
      {"{" + a + "," + tensor("b", R"("dtype":"F32","shape":[1],"data_offsets":[4,8])") + "}", 8, "an overlap"},
      {"{" + a + "," + tensor("b", R"("dtype":"F32","shape":[1],"data_offsets":[12,16])") + "}", 16, "a hole"},
      {"{" + tensor("a", R"("dtype":"F32","shape":[1],"data_offsets":[4,8])") + "}", 8, "a hole"},
      {"{" + a + "}", 9, "holds 9 bytes of tensors where its header speaks of 8"},
      {"{" + a + "}", 7, "holds 7 bytes"},
  };
  for (const Refusal& item : refusals) {
    SCOPED_TRACE(item.header.substr(0, 100));
    const std::string sentence = refusal(item.header, item.data_bytes);
    EXPECT_TRUE(sentence.starts_with("w.safetensors")) << sentence;
    EXPECT_NE(sentence.find(item.sentence), std::string::npos) << sentence;
  }
}

TEST(SafetensorsHeader, NestingWithoutEndIsRefusedAtOnce) {
  EXPECT_NE(refusal("{\"a\":" + std::string(1'000'000, '['), 0).find("a list where none belongs"), std::string::npos);
  EXPECT_NE(refusal(R"({"a":{"shape":)" + std::string(1'000'000, '{'), 0).find("an object"), std::string::npos);
}

TEST(SafetensorsFile, RefusesFilesOfTheWrongLength) {
  EXPECT_NE(opening("short").find("too short"), std::string::npos);
  EXPECT_NE(opening(file_bytes("{}", 0).substr(0, 9)).find("ends inside its header"), std::string::npos);
  EXPECT_NE(opening(std::string(16, '\xff')).find("header above 100 MB"), std::string::npos);
  EXPECT_NE(opening(file_bytes("{" + tensor("a", kTwoFloats) + "}", 4)).find("cut off"), std::string::npos);
  EXPECT_NE(sentence_of<InputError>([] { SafetensorsFile("/no/such/file"); }).find("cannot be read"),
            std::string::npos);
  EXPECT_NE(sentence_of<InputError>([] { SafetensorsFile("/tmp"); }).find("no plain file"), std::string::npos);
}

TEST(SafetensorsFile, EscapesNamesItPrints) {
  const std::string header = R"({"a\u001b[31m\n":1})";
  EXPECT_EQ(refusal(header, 0).find('\x1b'), std::string::npos);
}

TEST(SafetensorsFile, ReadsBackWhatWasWritten) {
  const TemporaryFolder folder;
  const at::Tensor values = at::randn({3, 5}), strided = values.t(), scalar = torch::tensor(2.5f);
  write_safetensors(folder / "w.safetensors",
                    {{"values", values}, {"strided", strided}, {"scalar", scalar}, {"empty", at::empty({0, 4})}});
  const SafetensorsFile file(folder / "w.safetensors");
  ASSERT_EQ(file.entries().size(), 4);
  for (const SafetensorsEntry& entry : file.entries()) EXPECT_EQ(entry.dtype, "F32");
  EXPECT_TRUE(at::equal(file.read(file.entries()[0], at::kFloat), values));
  EXPECT_TRUE(at::equal(file.read(file.entries()[1], at::kFloat), strided));
  EXPECT_TRUE(at::equal(file.read(file.entries()[0], at::kDouble), values.to(at::kDouble)));

  const std::string bytes = read_file(folder / "w.safetensors");
  uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, bytes.data(), sizeof header_bytes);
  EXPECT_EQ((8 + header_bytes) % 8, 0);
  EXPECT_NE(bytes.find(R"("__metadata__":{"format":"pt"})"), std::string::npos);
}

TEST(SafetensorsFile, WidensHalfPrecision) {
  const TemporaryFolder folder;
  const std::string header = "{" + tensor("bf", R"("dtype":"BF16","shape":[2],"data_offsets":[0,4])") + "," +
                             tensor("half", R"("dtype":"F16","shape":[1],"data_offsets":[4,6])") + "," +
                             tensor("int", R"("dtype":"I8","shape":[2],"data_offsets":[6,8])") + "}";
  std::string bytes = file_bytes(header, 0);
  // 1.5 and -2 in bfloat16, 0.5 in float16.
  bytes += std::string("\xc0\x3f\x00\xc0\x00\x38\x01\x02", 8);
  write_file_atomic(folder / "w.safetensors", bytes);
  const SafetensorsFile file(folder / "w.safetensors");
  EXPECT_TRUE(at::equal(file.read(file.entries()[0], at::kFloat), torch::tensor({1.5f, -2.0f})));
  EXPECT_TRUE(at::equal(file.read(file.entries()[1], at::kFloat), torch::tensor({0.5f})));
  const std::string sentence = sentence_of<InputError>([&] { file.read(file.entries()[2], at::kFloat); });
  EXPECT_NE(sentence.find("\"int\": dtype I8 is not read"), std::string::npos) << sentence;
}

TEST(SafetensorsFile, ShrinkingWhileReadIsAnError) {
  const TemporaryFolder folder;
  write_safetensors(folder / "w.safetensors", {{"values", at::ones({100})}});
  const SafetensorsFile file(folder / "w.safetensors");
  std::filesystem::resize_file(folder / "w.safetensors", 200);
  EXPECT_NE(sentence_of<InputError>([&] { file.read(file.entries()[0], at::kFloat); }).find("became shorter"),
            std::string::npos);
}

}  // namespace
}  // namespace aha::model::safetensors_test
