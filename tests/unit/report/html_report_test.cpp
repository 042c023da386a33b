// report.html of a small run written by hand.
#include "aha/report/html_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "report/report_page.h"
#include "unit/core/temporary_folder.h"

namespace aha::report::html_report_test {
namespace {

using nlohmann::json;
using test::TemporaryFolder;
using testing::HasSubstr;
using testing::Not;

const char* const kHostile = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)>\x01 é";

void write_json(const fs::path& path, const json& value) { write_file_atomic(path, value.dump()); }

// A run of four stages: one waits, one is being written, two are done.
void write_run(const fs::path& run) {
  write_json(run / "recipe.json",
             {{"name", "r1 <mini>"},
              {"seed", 7},
              {"stages",
               {{{"name", "base"}, {"kind", "pretrain"}},
                {{"name", "zero"}, {"kind", "grpo"}, {"init_from", "base"}},
                {{"name", "report"}, {"kind", "evaluate"}, {"models", {"base", "zero"}}},
                {{"name", "later"}, {"kind", "sft"}, {"init_from", "base"}, {"data", {"zero"}}}}}});
  write_json(run / "lineage.json", {{"stages",
                                     {{{"name", "base"},
                                       {"kind", "pretrain"},
                                       {"folder", "01-base"},
                                       {"inputs", json::array()},
                                       {"hash", "abc"},
                                       {"seconds", 12.5},
                                       {"status", "done"}}}}});
  write_json(run / "environment.json", {{"version", "0.1.0"}});
  write_file_atomic(run / "01-base/metrics.jsonl", "{\"step\":1,\"loss\":4.0}\n{\"step\":2,\"loss\":3.0}\n");
  write_json(
      run / "01-base/result.json",
      {{"stage", "base"}, {"steps", 2}, {"evaluations", {{{"model", "base"}, {"task", "sums"}, {"pass@1", 0.1}}}}});
  write_file_atomic(run / "02-zero/metrics.jsonl", "{\"step\":1,\"reward\":0.5,\"kl\":0.0}\n");
  const auto completion = [](int step) {
    return json{{"step", step}, {"prompt", "1+2"}, {"completion", kHostile}, {"reward", 1.0}, {"advantage", 0.5}}
               .dump() +
           "\n";
  };
  write_file_atomic(run / "02-zero/completions.jsonl", completion(1) + completion(2));
  const json measured = {
      {"model", "base"}, {"task", "sums"}, {"pass@1", 0.3}, {"pass@1_interval", {0.28, 0.32}}, {"k", 4}};
  write_json(run / "03-report/result.json", {{"evaluations", {measured}}});
}

std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const size_t from = text.find(begin) + begin.size();
  return text.substr(from, text.find(end, from) - from);
}

json data_of(const std::string& page) {
  return json::parse(between(page, "<script type=\"application/json\" id=\"data\">", "</script>"));
}

std::string page_of(const fs::path& run) {
  write_html_report(run);
  return read_file(run / "report.html");
}

TEST(HtmlReport, HoldsEveryStageWithWhatItWrote) {
  TemporaryFolder run;
  write_run(run.path());
  const json data = data_of(page_of(run.path()));
  EXPECT_EQ(data["name"], "r1 <mini>");
  EXPECT_EQ(data["seed"], 7);
  ASSERT_EQ(data["stages"].size(), 4u);
  const json& base = data["stages"][0];
  EXPECT_EQ(base["status"], "done");
  EXPECT_EQ(base["seconds"], 12.5);
  EXPECT_EQ(base["curves"]["loss"]["y"], json({4.0, 3.0}));
  EXPECT_EQ(base["facts"], (json{{"steps", 2}}));
  const json& zero = data["stages"][1];
  EXPECT_EQ(zero["status"], "unfinished");
  EXPECT_EQ(zero["inputs"], json::array({"base"}));
  EXPECT_EQ(zero["samples"][0]["late"]["completions"][0]["completion"], kHostile);
  EXPECT_EQ(data["stages"][3]["status"], "waiting");
  EXPECT_EQ(data["stages"][3]["inputs"], json({"base", "zero"}));
}

TEST(HtmlReport, EvaluateStagesComeBeforeWhatOthersMeasured) {
  TemporaryFolder run;
  write_run(run.path());
  const json rows = data_of(page_of(run.path()))["evaluations"];
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0]["pass@1"], 0.3);
  fs::remove_all(run / "03-report");
  const json fallback = data_of(page_of(run.path()))["evaluations"];
  ASSERT_EQ(fallback.size(), 1u);
  EXPECT_EQ(fallback[0]["pass@1"], 0.1);
}

TEST(HtmlReport, ModelTextNeverBecomesMarkup) {
  TemporaryFolder run;
  write_run(run.path());
  const std::string page = page_of(run.path());
  EXPECT_THAT(page, Not(HasSubstr("alert(1)</script>")));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, HasSubstr("\\u003c/script>\\u003cscript>alert(1)"));
  EXPECT_THAT(page, HasSubstr("<title>r1 &lt;mini&gt; · training report</title>"));
  EXPECT_EQ(between(page, "id=\"data\">", "</script>").find('<'), std::string::npos);
  // What puts text into the page never parses it.
  for (const char* parser :
       {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"}) {
    EXPECT_THAT(page, Not(HasSubstr(parser)));
  }
}

TEST(HtmlReport, NeedsNothingFromOutside) {
  TemporaryFolder run;
  write_run(run.path());
  const std::string page = page_of(run.path());
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  for (const char* outside : {" src=\"", "<link", "@import", "url(", "fetch(", "https://", "XMLHttpRequest"}) {
    EXPECT_THAT(page, Not(HasSubstr(outside))) << outside;
  }
  const std::string nonce = between(page, "script-src 'nonce-", "'");
  EXPECT_EQ(nonce.size(), 32u);
  EXPECT_THAT(page, HasSubstr("<style nonce=\"" + nonce + "\">"));
  EXPECT_THAT(page, HasSubstr("<script nonce=\"" + nonce + "\">"));
}

TEST(HtmlReport, WorksWhenARunHasJustBegun) {
  TemporaryFolder run;
  write_json(run / "recipe.json", {{"name", "x"}, {"stages", {{{"name", "base"}, {"kind", "pretrain"}}}}});
  const json data = data_of(page_of(run.path()));
  EXPECT_EQ(data["stages"][0]["status"], "waiting");
  EXPECT_TRUE(data["evaluations"].empty());
  EXPECT_TRUE(data["seed"].is_null());
}

TEST(HtmlReport, OutlivesBrokenFiles) {
  TemporaryFolder run;
  write_run(run.path());
  write_file_atomic(run / "lineage.json", "{\"stages\": [1, {\"name\": 3}, {\"na");
  write_file_atomic(run / "03-report/result.json", "{\"evaluations\": [1, {\"pass@1\": 0.5}]}");
  write_file_atomic(run / "01-base/result.json", "");
  write_file_atomic(run / "02-zero/completions.jsonl", "\xff\xfe broken \n{\"step\":1,\"prompt\":1}\n");
  const json data = data_of(page_of(run.path()));
  EXPECT_EQ(data["evaluations"].size(), 1u);
  EXPECT_EQ(data["evaluations"][0]["model"], "report");
}

TEST(HtmlReport, RefusesAFolderThatIsNoRun) {
  TemporaryFolder folder;
  EXPECT_EQ(test::sentence_of<InputError>([&] { write_html_report(folder.path()); }),
            folder.path().string() + ": is no run folder: it has no recipe.json; give the folder of a run");
  write_file_atomic(folder / "recipe.json", "[1]");
  EXPECT_THAT(test::sentence_of<InputError>([&] { write_html_report(folder.path()); }), HasSubstr("is no JSON object"));
  EXPECT_FALSE(fs::exists(folder / "report.html"));
}

}  // namespace
}  // namespace aha::report::html_report_test
