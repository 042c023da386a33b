// The page's drawing: curves with a smoothed line and a tooltip, and bars with an interval.
#include "report/report_page.h"

namespace aha::report {

const std::string_view kReportCharts = R"js('use strict';
// Text only ever enters as text: nothing here builds markup from strings.
function el(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined && text !== null) node.textContent = text;
  return node;
}
function add(parent, ...children) {
  for (const child of children) if (child) parent.append(child);
  return parent;
}
function draw(tag, attributes, color) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const name in attributes) node.setAttribute(name, attributes[name]);
  if (color && tag === 'circle') node.style.fill = color;
  else if (color) node.style.stroke = color;
  return node;
}

const isNumber = value => typeof value === 'number' && isFinite(value);
const compact = value => value.toLocaleString('en', {notation: 'compact', maximumSignificantDigits: 3});
function plain(value) {
  if (!isNumber(value)) return '–';
  const size = Math.abs(value);
  if (value === 0 || Number.isInteger(value) && size < 1e7) return value.toLocaleString('en');
  if (size >= 1e5) return compact(value);
  if (size < 1e-3) return value.toExponential(1);
  return value.toFixed(size >= 1000 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}
const percent = value => isNumber(value) ? (100 * value).toFixed(1) + '%' : '–';
function duration(seconds) {
  if (!isNumber(seconds) || seconds < 0) return '';
  if (seconds < 60) return seconds.toFixed(seconds < 10 ? 1 : 0) + ' s';
  const whole = Math.round(seconds), hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}

// Round numbers inside [low, high], about `count` of them.
function ticks(low, high, count, isWhole) {
  const rough = (high - low) / count || 1, power = 10 ** Math.floor(Math.log10(rough));
  const factors = isWhole ? [1, 2, 5, 10] : [1, 2, 2.5, 5, 10];
  let step = factors.map(factor => factor * power).find(size => size >= rough);
  if (isWhole) step = Math.max(1, Math.round(step));
  const values = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-6; ++i) {
    values.push(+(i * step).toPrecision(12));
  }
  return values;
}

// Noise turns around at every point: its changes of direction are larger than its changes.
function isNoisy(values) {
  let changes = 0, turns = 0;
  for (let i = 2; i < values.length; ++i) {
    changes += Math.abs(values[i] - values[i - 1]);
    turns += Math.abs(values[i] - 2 * values[i - 1] + values[i - 2]);
  }
  return turns > 1.2 * changes;
}

// A straight line fitted to a window of about an eighth of the curve, so that steep ends stay steep; short and calm
// curves stay as they are.
function smoothed(values) {
  if (values.length < 30 || !isNoisy(values)) return values;
  const reach = Math.round(values.length / 16);
  return values.map((_, i) => {
    const begin = Math.max(0, i - reach), end = Math.min(values.length, i + reach + 1), count = end - begin;
    let sum = 0, sumOffset = 0, sumSquare = 0, sumProduct = 0;
    for (let j = begin; j < end; ++j) {
      sum += values[j];
      sumOffset += j - i;
      sumSquare += (j - i) * (j - i);
      sumProduct += (j - i) * values[j];
    }
    return (sum * sumSquare - sumOffset * sumProduct) / (count * sumSquare - sumOffset * sumOffset);
  });
}

function valueRange(series, isShare) {
  let low = Infinity, high = -Infinity;
  for (const line of series) for (const y of line.y) { low = Math.min(low, y); high = Math.max(high, y); }
  if (isShare) return [0, Math.min(1, Math.max(high * 1.12, 0.05))];
  if (low >= 0 && low < 0.4 * high) low = 0;
  const room = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1;
  return [low === 0 ? 0 : low - room, high + room];
}

function nearest(values, wanted) {
  let low = 0, high = values.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < wanted) low = middle + 1; else high = middle;
  }
  return low > 0 && wanted - values[low - 1] < values[low] - wanted ? low - 1 : low;
}

const tip = document.getElementById('tip');
function showTip(event, step, rows, format) {
  tip.replaceChildren(el('span', 'muted', 'step ' + step.toLocaleString('en')));
  for (const row of rows) {
    const swatch = el('i');
    swatch.style.background = row.color;
    add(tip, add(el('div'), swatch, el('span', '', row.label), el('b', '', format(row.value))));
  }
  tip.hidden = false;
  const isRoom = event.clientX + 16 + tip.offsetWidth <= innerWidth;
  tip.style.left = Math.max(4, event.clientX + (isRoom ? 16 : -16 - tip.offsetWidth)) + 'px';
  tip.style.top = Math.max(4, Math.min(event.clientY - 12, innerHeight - tip.offsetHeight - 8)) + 'px';
}

function axisText(value, largest, isShare) {
  if (isShare) return +(value * 100).toFixed(1) + '%';
  if (value === 0) return '0';
  if (largest >= 1e4) return compact(value);
  return largest < 1e-3 ? value.toExponential(1) : value.toLocaleString('en', {maximumSignificantDigits: 4});
}

const kTop = 8, kRight = 12, kBottom = 22, kLeft = 44, kHeight = 180;

// The smoothed line, over a faint one of the values themselves where they are many.
function drawLine(svg, line, x, y) {
  const path = values => 'M' + values.map((value, i) => `${x(line.x[i]).toFixed(1)},${y(value).toFixed(1)}`).join('L');
  const stroke = (values, width, opacity) => add(svg, draw('path', {
    d: path(values), fill: 'none', opacity, 'stroke-linejoin': 'round', 'stroke-width': width}, line.color));
  const calm = smoothed(line.y);
  if (calm !== line.y && line.isMain) stroke(line.y, 1, .28);
  stroke(calm, line.isMain ? 2 : 1.4, line.isMain ? 1 : .75);
  if (line.x.length >= 14) return;
  line.x.forEach((step, i) => add(svg, draw('circle', {cx: x(step), cy: y(line.y[i]), r: 2.6}, line.color)));
}

// One set of axes: draws `series` for the width there is, and answers the pointer.
function drawCurves(svg, series, options) {
  const width = Math.max(svg.clientWidth, 120);
  const steps = series.flatMap(line => [line.x[0], line.x[line.x.length - 1]]);
  const first = Math.min(...steps), last = Math.max(...steps, first + 1);
  const [low, high] = valueRange(series, options.isShare);
  const x = step => kLeft + (step - first) / (last - first) * (width - kLeft - kRight);
  const y = value => kTop + (high - value) / (high - low) * (kHeight - kTop - kBottom);
  svg.replaceChildren();
  svg.setAttribute('viewBox', `0 0 ${width} ${kHeight}`);
  for (const value of ticks(low, high, 4)) {
    const label = draw('text', {x: kLeft - 7, y: y(value) + 4, 'text-anchor': 'end'});
    label.textContent = axisText(value, Math.max(Math.abs(low), Math.abs(high)), options.isShare);
    add(svg, draw('line', {class: 'grid', x1: kLeft, x2: width - kRight, y1: y(value), y2: y(value)}), label);
  }
  for (const step of ticks(first, last, Math.max(2, width / 90), true)) {
    const label = draw('text', {x: x(step), y: kHeight - 5, 'text-anchor': 'middle'});
    label.textContent = step.toLocaleString('en');
    add(svg, label);
  }
  for (const line of [...series].reverse()) drawLine(svg, line, x, y);
  const cross = draw('g', {});
  add(svg, cross);
  svg.onpointermove = event => {
    const box = svg.getBoundingClientRect();
    const wanted = first + ((event.clientX - box.left) - kLeft) / (width - kLeft - kRight) * (last - first);
    const step = series[0].x[nearest(series[0].x, wanted)];
    cross.replaceChildren(draw('line', {class: 'cross', x1: x(step), x2: x(step), y1: kTop, y2: kHeight - kBottom}));
    const rows = series.map(line => {
      const i = nearest(line.x, step);
      add(cross, draw('circle', {cx: x(line.x[i]), cy: y(line.y[i]), r: 3.5}, line.color));
      return {label: line.label, color: line.color, value: line.y[i]};
    });
    showTip(event, step, rows, options.isShare ? percent : plain);
  };
  svg.onpointerleave = () => { cross.replaceChildren(); tip.hidden = true; };
}

// A card with a title, where the curve began and ended, and the curves.
function chart(title, series, options = {}) {
  const card = el('div', 'card chart'), svg = draw('svg', {role: 'img'}), format = options.isShare ? percent : plain;
  const main = smoothed(series[0].y), label = `${format(main[0])} → ${format(main[main.length - 1])}`;
  svg.setAttribute('aria-label', `${title}: ${label}`);
  add(card, add(el('header'), el('b', '', title), el('span', '', main.length > 1 ? label : format(main[0]))), svg);
  if (series.length > 1) {
    const legend = add(card, el('div', 'legend')).lastChild;
    for (const line of series) {
      const swatch = el('i');
      swatch.style.background = line.color;
      add(legend, add(el('span'), swatch, line.label));
    }
  }
  new ResizeObserver(() => drawCurves(svg, series, options)).observe(svg);
  return card;
}

// A share as a bar, its 95% interval as a whisker.
function shareBar(value, interval, color) {
  const svg = draw('svg', {viewBox: '0 0 130 14', 'aria-hidden': 'true'});
  const at = share => (Math.min(Math.max(share, 0), 1) * 128 + 1).toFixed(1);
  const thick = {y1: 7, y2: 7, 'stroke-width': 8, 'stroke-linecap': 'butt'};
  add(svg, draw('line', {...thick, x1: 1, x2: 129}, 'var(--soft)'));
  if (isNumber(value)) add(svg, draw('line', {...thick, x1: 1, x2: at(value), opacity: .8}, color));
  if (Array.isArray(interval) && interval.every(isNumber)) {
    const [low, high] = interval.map(at);
    for (const [x1, x2, y1, y2] of [[low, high, 7, 7], [low, low, 2.5, 11.5], [high, high, 2.5, 11.5]]) {
      add(svg, draw('line', {x1, x2, y1, y2, 'stroke-width': 1.5}, 'var(--text)'));
    }
  }
  return svg;
}
)js";

}  // namespace aha::report
