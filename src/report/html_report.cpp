// Writes report.html of a run folder.
#include "aha/report/html_report.h"

#include "aha/core/file.h"
#include "report/report_page.h"
#include "report/run_summary.h"

namespace aha::report {

void write_html_report(const std::filesystem::path& run_folder) {
  const nlohmann::json summary = summarize_run(run_folder);
  const std::string data = summary.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  write_file_atomic(run_folder / "report.html", report_page(summary["name"].get<std::string>(), data));
}

}  // namespace aha::report
