// Languages told apart by CLD2, and what is done where it is not sure.
#include "reward/languages.h"

#include <gtest/gtest.h>

#include "reward/language_reward.h"

namespace aha::reward::languages_test {
namespace {

const std::string kEnglish =
    "We first look at the two numbers and then we add them, because the question asks for their sum. ";
const std::string kGerman =
    "Zuerst betrachten wir die beiden Zahlen und dann zählen wir sie zusammen, denn die Frage ist nach der Summe. ";
const std::string kFrench =
    "D'abord nous regardons les deux nombres et ensuite nous les ajoutons, car la question porte sur leur somme. ";
const std::string kRussian = "Сначала мы смотрим на два числа, а потом складываем их, потому что спрашивают о сумме. ";
const std::string kUkrainian = "Спочатку ми дивимося на два числа, а потім додаємо їх, тому що питають про суму. ";

std::string detected(const std::string& text) {
  const Language* language = detected_language(text);
  return language ? language->code : "";
}

TEST(Languages, AreToldApartWithinAScript) {
  EXPECT_EQ(detected(kEnglish), "en");
  EXPECT_EQ(detected(kGerman), "de");
  EXPECT_EQ(detected(kFrench), "fr");
  EXPECT_EQ(detected(kRussian), "ru");
  EXPECT_EQ(detected(kUkrainian), "uk");
  EXPECT_EQ(detected("首先我们看这两个数字，然后把它们加起来，因为问题问的是它们的和。"), "zh");
  EXPECT_EQ(detected("שלום, זהו משפט רגיל לגמרי בעברית על מזג האוויר של היום."), "he");
  EXPECT_EQ(detected(""), "");
  EXPECT_EQ(detected("12 + 4 = 16"), "");
  EXPECT_EQ(detected(kEnglish + kGerman), "") << "neither is most of it";
  EXPECT_EQ(detected("\xff\xfe"), "");
}

TEST(Languages, FewWordsAreJudgedByTheirScript) {
  EXPECT_TRUE(is_written_in("OK", *find_language("en")));
  EXPECT_TRUE(is_written_in("OK", *find_language("de")));
  EXPECT_FALSE(is_written_in("OK", *find_language("ru")));
  EXPECT_FALSE(is_written_in("OK 好", *find_language("en")));
  EXPECT_FALSE(is_written_in("42", *find_language("en")));
  EXPECT_FALSE(is_written_in(kGerman, *find_language("en")));
  EXPECT_EQ(find_language("xx"), nullptr);
}

std::optional<double> consistency(const std::string& reasoning, const std::string& language,
                                  const std::string& prompt = "") {
  data::Example example;
  example.prompt = prompt;
  if (!language.empty()) example.columns["language"] = language;
  return LanguageReward().score("<think>" + reasoning + "</think>", example).value;
}

TEST(LanguageReward, TellsLanguagesOfOneScriptApart) {
  EXPECT_EQ(consistency(kEnglish, "en"), 1.0);
  EXPECT_EQ(consistency(kGerman, "de"), 1.0);
  EXPECT_EQ(consistency(kGerman + kGerman, "en"), 0.0);
  EXPECT_EQ(consistency(kUkrainian + kUkrainian, "ru"), 0.0);
  const std::optional<double> mixed = consistency(kEnglish + kEnglish + kGerman + kGerman, "en");
  EXPECT_GT(*mixed, 0.3);
  EXPECT_LT(*mixed, 0.7);
  EXPECT_EQ(consistency("so the sum is 12", "de"), 1.0) << "a few words prove nothing";
}

TEST(LanguageReward, TakesTheLanguageOfThePromptWhereItIsSure) {
  EXPECT_EQ(consistency(kGerman + kGerman, "", kEnglish), 0.0);
  EXPECT_EQ(consistency(kEnglish + kEnglish, "", kEnglish), 1.0);
  EXPECT_EQ(consistency(kGerman + kGerman, "", "2+2 is?"), 1.0) << "only the script is known";
}

}  // namespace
}  // namespace aha::reward::languages_test
