// The page that shows a run: markup, style and script without any outside resource.
#pragma once
#include <string>
#include <string_view>

namespace aha::report {

/// The whole HTML file. `title` is escaped; `data` is JSON and enters as text of a data block that nothing executes.
std::string report_page(const std::string& title, const std::string& data);

extern const std::string_view kReportStyle;   ///< report_style.cpp
extern const std::string_view kReportCharts;  ///< report_charts.cpp: curves and bars
extern const std::string_view kReportScript;  ///< report_script.cpp: puts the page together

}  // namespace aha::report
