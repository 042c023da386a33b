// The page's style: one column of cards, light and dark, from phone to wide screen.
#include "report/report_page.h"

namespace aha::report {

const std::string_view kReportStyle = R"css(
:root {
  --page: #f7f7f5; --card: #ffffff; --text: #1d1d1f; --muted: #6a6a70; --line: #e4e3df; --soft: #f1f0ed;
  --accent: #3451d1; --good: #1a7f4e; --bad: #b3372f;
  --shadow: 0 1px 2px rgba(20, 20, 30, .05), 0 4px 16px rgba(20, 20, 30, .04);
  --c0: #3451d1; --c1: #128a5c; --c2: #c2660a; --c3: #b02a6b; --c4: #7a3fc4; --c5: #0b7f98; --c6: #7d7a2a;
  --mono: ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #111215; --card: #1a1b20; --text: #ececee; --muted: #9b9ba4; --line: #2d2e35; --soft: #23242a;
    --accent: #8fa5ff; --good: #5fd39b; --bad: #ff8a80; --shadow: none;
    --c0: #8fa5ff; --c1: #52d6a0; --c2: #f2a65a; --c3: #f284b6; --c4: #bd97ff; --c5: #5cc8e0; --c6: #cfca6c;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 3.5rem; -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
header, main, footer { max-width: 1120px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 40px; }
h1 { font-size: 2rem; line-height: 1.15; letter-spacing: -.02em; margin: 0 0 .3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; letter-spacing: -.01em; margin: 0; overflow-wrap: anywhere; }
h3 { font-size: .95rem; margin: 1.4rem 0 .6rem; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
.muted { color: var(--muted); }
.kicker { color: var(--muted); font-size: .78rem; letter-spacing: .08em; text-transform: uppercase;
  margin: 0 0 .5rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 12px; margin: 24px 0 8px; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 14px 16px;
  box-shadow: var(--shadow); }
.tile b { display: block; font-size: 1.45rem; line-height: 1.3; letter-spacing: -.02em;
  font-variant-numeric: tabular-nums; }
.tile b span { color: var(--muted); font-weight: 400; }
.tile small { color: var(--muted); overflow-wrap: anywhere; }
nav {
  position: sticky; top: 0; z-index: 2; background: color-mix(in srgb, var(--page) 88%, transparent);
  backdrop-filter: blur(8px); border-bottom: 1px solid var(--line); margin-top: 16px;
}
nav div { max-width: 1120px; margin: 0 auto; padding: 8px 20px; display: flex; gap: 6px; overflow-x: auto;
  scrollbar-width: none; }
nav a { white-space: nowrap; padding: 3px 11px; border-radius: 99px; color: var(--muted); font-size: .86rem; }
nav a:hover { background: var(--soft); color: var(--text); text-decoration: none; }
section { margin: 28px 0; }
.head { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 10px; margin-bottom: 12px; }
.head .end { margin-left: auto; color: var(--muted); font-size: .86rem; font-variant-numeric: tabular-nums; }
.badge { font-size: .74rem; padding: 1px 9px; border-radius: 99px; background: var(--soft); color: var(--muted);
  white-space: nowrap; }
.badge.done { color: var(--good); }
.badge.unfinished, .badge.started, .badge.changed, .badge.running { color: var(--c2); }
.badge.failed { color: var(--bad); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 14px 16px;
  box-shadow: var(--shadow); }
.facts { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 12px; font-size: .86rem; color: var(--muted); }
.facts b { color: var(--text); font-weight: 600; font-variant-numeric: tabular-nums; }
.note { margin: 0 0 12px; padding: 6px 12px; border-left: 3px solid var(--bad); background: var(--soft);
  color: var(--bad); font-size: .9rem; overflow-wrap: anywhere; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr)); gap: 12px; }
.chart { padding: 12px 14px 8px; min-width: 0; }
.chart header { all: unset; display: flex; align-items: baseline; gap: 8px; }
.chart header b { font-size: .88rem; overflow-wrap: anywhere; }
.chart header span { margin-left: auto; color: var(--muted); font-size: .82rem; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.chart svg { display: block; width: 100%; height: 180px; touch-action: pan-y; cursor: crosshair; margin-top: 4px; }
.chart svg text { fill: var(--muted); font-size: 11px; font-variant-numeric: tabular-nums; }
.chart .grid { stroke: var(--line); }
.chart .cross { stroke: var(--muted); stroke-dasharray: 3 3; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 12px; font-size: .76rem; color: var(--muted); }
.legend i, #tip i { display: inline-block; width: 9px; height: 9px; border-radius: 3px; margin-right: 5px; }
#tip {
  position: fixed; z-index: 9; pointer-events: none; background: var(--card); color: var(--text);
  border: 1px solid var(--line);
  border-radius: 8px; padding: 6px 10px; font-size: .8rem; box-shadow: 0 4px 18px rgba(0, 0, 0, .18);
  font-variant-numeric: tabular-nums;
}
#tip div { display: flex; align-items: center; gap: 2px; }
#tip b { margin-left: auto; padding-left: 14px; }
.scroll { overflow-x: auto; padding: 4px 0; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
th { text-align: right; font-weight: 500; color: var(--muted); font-size: .78rem; padding: 8px 12px;
  white-space: nowrap; }
td { text-align: right; padding: 9px 12px; border-top: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 16px; }
th:last-child, td:last-child { padding-right: 16px; }
td:first-child a { font-weight: 600; }
td:first-child small { font-size: .76rem; margin-left: 4px; }
td.bar { text-align: left; min-width: 250px; }
td.bar > span { display: flex; align-items: center; gap: 10px; }
td.bar svg { width: 130px; height: 14px; flex: none; }
td.bar small { color: var(--muted); }
.flush { padding: 0; overflow: hidden; }
.tree, .tree ul { list-style: none; margin: 0; padding: 0; }
.tree ul { margin-left: 9px; padding-left: 18px; border-left: 1px solid var(--line); }
.tree li > div { display: flex; flex-wrap: wrap; align-items: center; gap: 2px 8px; padding: 3px 0; }
.tree code { color: var(--muted); font: .76rem var(--mono); }
.pair { margin-bottom: 12px; }
.pair > p { margin: 0 0 10px; }
.sides { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px; }
.side h4 { margin: 0 0 6px; font-size: .82rem; font-weight: 600; }
.side .prompt { margin-bottom: 10px; }
.side h4 span { color: var(--muted); font-weight: 400; }
pre, .prompt { font: .82rem/1.5 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; }
.prompt { background: var(--soft); border-radius: 8px; padding: 8px 12px; max-height: 9em; overflow: auto; }
.answer { border-left: 3px solid var(--line); padding: 2px 0 2px 10px; margin-bottom: 10px; }
.answer.right { border-color: var(--good); }
.answer.wrong { border-color: var(--bad); }
.answer pre { max-height: 12em; overflow: auto; }
.answer small { color: var(--muted); font-variant-numeric: tabular-nums; }
.tag { color: var(--c4); }
details { margin-top: 12px; }
summary { cursor: pointer; color: var(--muted); font-size: .88rem; padding: 4px 0; }
details[open] > summary { margin-bottom: 8px; }
details pre { max-height: 28em; overflow: auto; }
button {
  font: inherit; font-size: .86rem; color: var(--accent); background: none; border: 1px solid var(--line);
  border-radius: 8px; padding: 5px 14px; cursor: pointer;
}
button:hover { background: var(--soft); }
footer { padding-top: 8px; padding-bottom: 48px; color: var(--muted); font-size: .84rem; }
@media (max-width: 640px) {
  header, main, footer { padding-left: 14px; padding-right: 14px; }
  header { padding-top: 24px; }
  nav div { padding: 8px 14px; }
  h1 { font-size: 1.55rem; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .tile b { font-size: 1.1rem; }
  .sides { grid-template-columns: minmax(0, 1fr); }
  .tree code { display: none; }
}
@media print { nav { display: none; } .card { break-inside: avoid; } }
)css";

}  // namespace aha::report
