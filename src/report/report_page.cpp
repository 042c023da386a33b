// Puts the page's parts into one file and keeps data from ever being read as markup.
#include "report/report_page.h"

#include <fmt/format.h>

#include "aha/core/file.h"

namespace aha::report {
namespace {

// In a JSON string "<" may be written \u003c: no text can end the data block or open a tag.
std::string without_tags(const std::string& json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// {0} policy nonce, {1} title, {2} style, {3} data, {4} scripts.
constexpr const char* kPage = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; script-src 'nonce-{0}'; style-src 'nonce-{0}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{1}</title>
<style nonce="{0}">{2}</style>
</head>
<body>
<header id="top"></header>
<nav id="nav" aria-label="Stages"></nav>
<main id="main"><noscript>This report draws itself with JavaScript; please allow it for this file.</noscript></main>
<footer id="foot"></footer>
<div id="tip" role="status" hidden></div>
<script type="application/json" id="data">{3}</script>
<script nonce="{0}">{4}</script>
</body>
</html>
)";

}  // namespace

std::string report_page(const std::string& title, const std::string& data) {
  // Only this page's own script and style may run. A text inside the data cannot know the hash of the data it is in.
  const std::string nonce = hash_bytes(data);
  return fmt::format(fmt::runtime(kPage), nonce, escaped(title) + " · training report", kReportStyle,
                     without_tags(data), std::string(kReportCharts) + std::string(kReportScript));
}

}  // namespace aha::report
