// Each step by hand, with the places that bytes come from.
#include "data/bpe/normalizer.h"

#include <gtest/gtest.h>

#include <chrono>

#include "unit/data/bpe/message_of.h"

namespace aha::data::bpe::normalizer_test {
namespace {

using Places = std::vector<int64_t>;

Normalizer with(std::unique_ptr<NormalizerStep> step) {
  Normalizer normalizer;
  normalizer.add(std::move(step));
  return normalizer;
}

std::string applied(const Normalizer& normalizer, const std::string& text) {
  return std::string(normalizer.apply(AlignedText(text, 0, false)).text());
}

Places origins(const Normalizer& normalizer, const std::string& text) {
  const AlignedText out = normalizer.apply(AlignedText(text, 0, true));
  Places places;
  for (size_t i = 0; i < out.text().size(); ++i) places.push_back(out.origin(i));
  return places;
}

TEST(UnicodeForm, WorksAsUnicodeSays) {
  const Normalizer nfc = with(make_unicode_step(UnicodeForm::kNfc)), nfd = with(make_unicode_step(UnicodeForm::kNfd));
  const Normalizer nfkc = with(make_unicode_step(UnicodeForm::kNfkc));
  const Normalizer nfkd = with(make_unicode_step(UnicodeForm::kNfkd));
  EXPECT_EQ(applied(nfc, "xe\u0301y"), "x\u00E9y");
  EXPECT_EQ(applied(nfd, "x\u00E9y"), "xe\u0301y");
  EXPECT_EQ(applied(nfc, "\uFB01\u2126"), "\uFB01\u03A9");
  EXPECT_EQ(applied(nfkc, "\uFB01\u2126\u00BD"), "fi\u03A91\u20442");
  EXPECT_EQ(applied(nfkd, "\uFB01\u00E9"), "fie\u0301");
  EXPECT_EQ(applied(nfd, "\uAC01"), "\u1100\u1161\u11A8");  // Hangul is computed
  EXPECT_EQ(applied(nfc, "\u1100\u1161\u11A8"), "\uAC01");
  EXPECT_EQ(applied(nfc, "a\u0323\u0307"), applied(nfc, "a\u0307\u0323"));  // marks are put in order
  EXPECT_EQ(applied(nfc, "\u0915\u093C"), "\u0915\u093C");                  // excluded from composition
}

TEST(UnicodeForm, LeavesWhatIsNewerThanUnicode9) {
  const Normalizer nfd = with(make_unicode_step(UnicodeForm::kNfd));
  // U+1DF8 has a class since Unicode 10; before, nothing moved across it.
  EXPECT_EQ(applied(nfd, "a\u1DF8\u0334"), "a\u1DF8\u0334");
  EXPECT_EQ(applied(nfd, "a\u0301\u0334"), "a\u0334\u0301");
  EXPECT_EQ(applied(with(make_unicode_step(UnicodeForm::kNfkc)), "\u32FF"), "\u32FF");
}

TEST(UnicodeForm, KnowsWhatItNeedNotTouch) {
  const auto nfc = make_unicode_step(UnicodeForm::kNfc);
  EXPECT_TRUE(nfc->keeps("plain, \u00E9, 中文, \uAC01, 🙂"));
  EXPECT_FALSE(nfc->keeps("e\u0301"));
  EXPECT_FALSE(nfc->keeps("\u2126"));
}

TEST(UnicodeForm, SaysWhereBytesComeFrom) {
  const Normalizer nfc = with(make_unicode_step(UnicodeForm::kNfc));
  EXPECT_EQ(origins(nfc, "xe\u0301y"), (Places{0, 1, 1, 4}));
  EXPECT_EQ(origins(nfc, "ab"), (Places{0, 1}));
  const Normalizer nfd = with(make_unicode_step(UnicodeForm::kNfd));
  EXPECT_EQ(origins(nfd, "\u00E9z"), (Places{0, 0, 0, 2}));
}

TEST(UnicodeForm, OrdersLongRunsOfMarksQuickly) {
  std::string text = "a";
  for (int i = 0; i < 200'000; ++i) text += "\u0301\u0334";
  const auto begin = std::chrono::steady_clock::now();
  const std::string out = applied(with(make_unicode_step(UnicodeForm::kNfd)), text);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  EXPECT_EQ(out.size(), text.size());
  EXPECT_EQ(out.substr(0, 5), "a\u0334\u0334");
}

TEST(Normalizer, EditsTexts) {
  EXPECT_EQ(applied(with(make_lowercase_step()), "ÀBcİ"), "àbci\u0307");
  EXPECT_EQ(applied(with(make_prepend_step("▁")), "a"), "▁a");
  EXPECT_EQ(applied(with(make_prepend_step("▁")), ""), "");
  EXPECT_EQ(applied(with(make_replace_step(" ", "▁")), " a  b"), "▁a▁▁b");
  EXPECT_EQ(applied(with(make_strip_step(true, true)), " \u3000a b\n"), "a b");
  EXPECT_EQ(applied(with(make_strip_step(true, false)), "  "), "");
  EXPECT_EQ(applied(with(make_strip_step(false, true)), " a "), " a");
}

TEST(Normalizer, AppliesStepsInOrder) {
  Normalizer normalizer;
  normalizer.add(make_prepend_step("▁"));
  normalizer.add(make_replace_step(" ", "▁"));
  EXPECT_EQ(applied(normalizer, "a b"), "▁a▁b");
  EXPECT_EQ(origins(normalizer, "a b"), (Places{0, 0, 0, 0, 1, 1, 1, 2}));
}

TEST(Normalizer, MayNotGrowATextWithoutEnd) {
  Normalizer normalizer;
  for (int i = 0; i < 30; ++i) normalizer.add(make_replace_step("a", "aa"));
  EXPECT_EQ(message_of([&] { applied(normalizer, std::string(1000, 'a')); }),
            "tokenizer.json: normalizer: makes a text more than 16 times as long; that is no normalizer");
}

}  // namespace
}  // namespace aha::data::bpe::normalizer_test
