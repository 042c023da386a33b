// What `tokenizer:` of a recipe chooses: the kind, and a chat format over the folder's own.
#include <gtest/gtest.h>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/data/tokenizer.h"

namespace aha::data::tokenizer_config_test {
namespace {

std::filesystem::path byte_folder() {
  const auto folder = std::filesystem::path(testing::TempDir()) / "aha_tokenizer_formats";
  std::filesystem::remove_all(folder);
  make_folder(folder);
  make_byte_tokenizer()->save(folder);
  return folder;
}

TEST(TokenizerChoice, OfAChatFormatOverTheFolders) {
  const auto folder = byte_folder();
  const auto text = [&](const std::string& format, const ChatPieces& pieces = {}) {
    const auto tokenizer = make_tokenizer({"huggingface", folder.string(), format, pieces});
    return tokenizer->render_chat({{"user", "a"}, {"assistant", "b"}}, /*add_generation_prompt=*/false).text;
  };
  EXPECT_EQ(text("auto"), "<|user|>a<|assistant|>b<eos>");
  EXPECT_EQ(text("chatml"), "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nb<|im_end|>\n");
  EXPECT_EQ(text("deepseek_v2"), "<bos>User: a\n\nAssistant: b<eos>");  // with the folder's own tokens
  ChatPieces pieces;
  pieces.user = "[{content}]";
  pieces.assistant = "({content})";
  EXPECT_EQ(text("custom", pieces), "[a](b)");
}

TEST(TokenizerChoice, MaskOfAnotherFormatStandsOnItsTokens) {
  const auto tokenizer = make_tokenizer({"huggingface", byte_folder().string(), "deepseek_v2", {}});
  const RenderedChat chat = tokenizer->render_chat({{"user", "a"}, {"assistant", "b"}}, false);
  // <bos> U s e r : _ a \n \n A s s i s t a n t : _ b <eos>
  ASSERT_EQ(chat.token_ids.size(), 23u);
  std::vector<int32_t> mask(23, 0);
  mask[21] = mask[22] = 1;
  EXPECT_EQ(chat.assistant_mask, mask);
}

TEST(TokenizerChoice, OfAKindThatIsNotThere) {
  EXPECT_THROW(make_tokenizer({"wordpiece", byte_folder().string(), "auto", {}}), ConfigError);
  EXPECT_THROW(make_tokenizer({"huggingface", byte_folder().string(), "qwen9", {}}), ConfigError);
  EXPECT_THROW(make_tokenizer({"huggingface", byte_folder().string(), "custom", {}}), ConfigError);
}

}  // namespace
}  // namespace aha::data::tokenizer_config_test
