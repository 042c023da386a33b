// The page's content: header, stage table, lineage, and a section a stage.
#include "report/report_page.h"

namespace aha::report {

const std::string_view kReportScript = R"js(
const run = JSON.parse(document.getElementById('data').textContent);
const stages = run.stages, rows = run.evaluations;
const anchors = new Map(stages.map((stage, i) => [stage.name, 'stage-' + i]));

function stageLink(name) {
  if (!anchors.has(name)) return el('span', '', name);
  const link = el('a', '', name);
  link.href = '#' + anchors.get(name);
  return link;
}

// ---- header ---------------------------------------------------------------------------------------------------
function tile(value, note, before) {
  const number = el('b');
  if (before !== undefined) add(number, el('span', '', before + ' → '));
  return add(el('div', 'tile'), add(number, value), el('small', '', note));
}

function bestRow() {
  const task = rows[0].task;
  return rows.filter(row => row.task === task).reduce((best, row) => row['pass@1'] > best['pass@1'] ? row : best);
}

function tiles() {
  const box = el('div', 'tiles');
  if (rows.length) {
    const base = rows[0], best = bestRow(), isSame = base === best;
    const names = isSame ? base.model : `${base.model} → ${best.model}`;
    add(box, tile(percent(best['pass@1']), `pass@1 · ${names}`, isSame ? undefined : percent(base['pass@1'])));
    if (isNumber(best.mean_length)) {
      add(box, tile(plain(best.mean_length), 'mean length, tokens', isSame ? undefined : plain(base.mean_length)));
    }
    const share = row => row.rewards && row.rewards.format;
    if (isNumber(share(best))) {
      add(box, tile(percent(share(best)), 'format', isSame ? undefined : percent(share(base))));
    }
  }
  const done = stages.filter(stage => stage.status === 'done').length;
  add(box, tile(`${done} of ${stages.length}`, 'stages done'));
  const seconds = stages.reduce((sum, stage) => sum + Math.max(0, stage.seconds), 0);
  if (seconds > 0) add(box, tile(duration(seconds), 'time in stages'));
  return box;
}

function header() {
  const seed = run.seed === null ? '' : ` · seed ${run.seed}`;
  add(document.getElementById('top'), el('p', 'kicker', 'Training report'), el('h1', '', run.name),
      el('div', 'muted', run.date + seed), tiles());
  const bar = el('div'), links = rows.length ? [['Results', 'results']] : [];
  links.push(['Lineage', 'lineage'], ...stages.map(stage => [stage.name, anchors.get(stage.name)]));
  for (const [text, target] of links) {
    const link = el('a', '', text);
    link.href = '#' + target;
    add(bar, link);
  }
  add(document.getElementById('nav'), bar);
}

// ---- the stage table ------------------------------------------------------------------------------------------
function passCell(row, color) {
  const cell = el('td', 'bar'), interval = row['pass@1_interval'];
  const span = Array.isArray(interval) ? ` ${percent(interval[0])} – ${percent(interval[1])}` : '';
  const number = el('b', '', percent(row['pass@1']));
  return add(cell, add(el('span'), shareBar(row['pass@1'], interval, color), number, el('small', '', span)));
}

const unjudged = row => Object.values(row.failed || {}).reduce((sum, count) => sum + count, 0);
const kColumns = [
  ['pass@k', row => percent(row['pass@k'])],
  ['cons@k', row => percent(row['cons@k'])],
  ['mean length', row => plain(row.mean_length)],
  ['clipped', row => percent(row.clipped_ratio)],
  ['format', row => percent((row.rewards || {}).format)],
  ['language', row => percent((row.rewards || {}).language_consistency)],
  ['prompts', row => plain(row.n)],
  ['not judged', row => unjudged(row) ? plain(unjudged(row)) : '–'],
];

function taskTable(task) {
  const own = rows.filter(row => row.task === task), table = el('table');
  const columns = kColumns.filter(([, text]) => own.some(row => text(row) !== '–'));
  const ks = new Set(own.map(row => row.k)), k = ks.size === 1 ? [...ks][0] : 'k';
  const kind = new Map(stages.map(stage => [stage.name, stage.kind]));
  const titles = ['model', 'pass@1, 95% interval', ...columns.map(([title]) => title.replace('@k', '@' + (k || 'k')))];
  const heads = titles.map(title => el('th', '', title));
  heads[1].style.textAlign = 'left';
  add(table, add(el('thead'), add(el('tr'), ...heads)));
  const body = add(table, el('tbody')).lastChild;
  for (const row of own) {
    const color = kind.get(row.model) === 'grpo' ? 'var(--c1)' : 'var(--c0)';
    const name = add(el('td'), stageLink(row.model), el('small', 'muted', ' ' + (kind.get(row.model) || '')));
    add(body, add(el('tr'), name, passCell(row, color), ...columns.map(([, text]) => el('td', '', text(row)))));
  }
  return add(el('div', 'card flush'), add(el('div', 'scroll'), table));
}

function results() {
  if (!rows.length) return null;
  const section = el('section');
  section.id = 'results';
  add(section, add(el('div', 'head'), el('h2', '', 'Results')));
  const tasks = [...new Set(rows.map(row => row.task))];
  for (const task of tasks) add(section, task ? el('h3', 'muted', task) : null, taskTable(task));
  return section;
}

// ---- lineage --------------------------------------------------------------------------------------------------
// A stage hangs below the first stage it is made from; only earlier stages count, so there are no circles.
function lineage() {
  const section = el('section'), tree = el('ul', 'tree'), branches = new Map();
  section.id = 'lineage';
  for (const stage of stages) {
    const line = el('div'), item = add(el('li'), line), inputs = stage.inputs.filter(name => typeof name === 'string');
    const parent = stage.kind === 'evaluate' ? undefined : inputs.find(name => branches.has(name));
    const others = inputs.filter(name => name !== parent);
    add(line, stageLink(stage.name), el('span', 'badge', stage.kind));
    if (others.length) {
      add(line, el('span', 'muted', stage.kind === 'evaluate' ? 'measures' : parent ? 'with' : 'from'));
      others.forEach((name, i) => add(line, add(stageLink(name), i + 1 < others.length ? ',' : '')));
    }
    add(line, el('span', 'badge ' + stage.status, stage.status), el('span', 'muted', duration(stage.seconds)));
    if (stage.hash) add(line, el('code', '', String(stage.hash).slice(0, 10)));
    const branch = add(item, el('ul')).lastChild;
    branches.set(stage.name, branch);
    add(parent ? branches.get(parent) : tree, item);
  }
  for (const branch of branches.values()) if (!branch.children.length) branch.remove();
  return add(section, add(el('div', 'head'), el('h2', '', 'Lineage')), add(el('div', 'card'), tree));
}

// ---- a stage --------------------------------------------------------------------------------------------------
const kPalette = ['var(--c0)', 'var(--c1)', 'var(--c2)', 'var(--c3)', 'var(--c4)', 'var(--c5)', 'var(--c6)'];
// [title, first metric, colour, is it a share, further metrics]
const kCurves = [
  ['Reward', 'reward', 0, false, /^rewards\/.*\/mean$/],
  ['pass@1 on held-out prompts', 'eval_pass@1', 1, true],
  ['Mean length, tokens', 'completions/mean_length', 2, false, /^eval_mean_length$/],
  ['KL to the reference', 'kl', 3, false],
  ['Entropy, nats', 'entropy', 4, false],
  ['Loss', 'loss', 5, false],
];
const kRlOnly = new Set(['reward', 'completions/mean_length', 'kl', 'entropy']);

function line(stage, metric, color, label, isMain) {
  return {...stage.curves[metric], label, color: kPalette[color % kPalette.length], isMain};
}

function mainCharts(stage, used) {
  const charts = [], isRl = stage.kind === 'grpo';
  const wanted = kCurves.filter(([, metric]) => metric === 'eval_pass@1' || kRlOnly.has(metric) === isRl);
  if (!isRl) wanted.reverse();
  for (const [title, metric, color, isShare, further] of wanted) {
    if (!stage.curves[metric]) continue;
    used.add(metric);
    const series = [line(stage, metric, color, metric === 'reward' ? 'total' : 'in training', true)];
    const others = Object.keys(stage.curves).filter(name => further && further.test(name));
    others.forEach((name, i) => {
      used.add(name);
      series.push(line(stage, name, color + 1 + i, name.startsWith('eval_') ? 'held out' : name.split('/')[1], false));
    });
    charts.push(chart(title, series, {isShare}));
  }
  return charts;
}

function curves(stage) {
  if (!stage.curves) return [];
  const used = new Set(), charts = mainCharts(stage, used), parts = [];
  if (charts.length) parts.push(add(el('div', 'charts'), ...charts));
  const rest = Object.keys(stage.curves).filter(name => !used.has(name));
  if (rest.length) {
    const details = add(el('details'), el('summary', '', `${rest.length} more metrics`));
    details.addEventListener('toggle', () => {
      if (details.lastChild.className === 'charts') return;
      add(details, add(el('div', 'charts'), ...rest.map((name, i) => chart(name, [line(stage, name, i, name, true)]))));
    });
    parts.push(details);
  }
  return parts;
}

// ---- completions ----------------------------------------------------------------------------------------------
function written(text) {
  const box = el('pre');
  for (const part of String(text).split(/(<\/?(?:think|answer)>)/)) {
    if (part) add(box, /^<\/?(think|answer)>$/.test(part) ? el('span', 'tag', part) : part);
  }
  return box;
}

function answer(row) {
  const notes = [];
  if (isNumber(row.reward)) notes.push('reward ' + plain(row.reward));
  if (isNumber(row.advantage)) notes.push('advantage ' + (row.advantage > 0 ? '+' : '') + plain(row.advantage));
  if (isNumber(row.length)) notes.push(row.length + ' tokens');
  if (row.finish_reason === 'length') notes.push('cut at the limit');
  const color = !isNumber(row.advantage) || row.advantage === 0 ? '' : row.advantage > 0 ? ' right' : ' wrong';
  return add(el('div', 'answer' + color), written(row.completion), el('small', '', notes.join(' · ')));
}

function side(group, prompt) {
  const box = el('div', 'side');
  const mean = el('span', '', `mean reward ${plain(group.mean_reward)} over ${group.count}`);
  add(box, add(el('h4', '', `Step ${group.step} `), mean));
  if (prompt) add(box, el('p', 'prompt', prompt));
  return add(box, ...group.completions.map(answer));
}

function pairCard(pair) {
  const card = el('div', 'card pair'), sides = el('div', 'sides'), isSplit = pair.late_prompt !== undefined;
  if (!isSplit) add(card, el('p', 'prompt', pair.prompt));
  add(sides, side(pair.early, isSplit ? pair.prompt : ''), pair.late ? side(pair.late, pair.late_prompt) : null);
  return add(card, sides);
}

const kPairsShown = 2;
function samples(stage) {
  const pairs = stage.samples || [];
  if (!pairs.length) return null;
  const box = el('div');
  add(box, el('h3', '', 'Completions before and after: best, middle, worst of the group'));
  add(box, ...pairs.slice(0, kPairsShown).map(pairCard));
  if (pairs.length > kPairsShown) {
    const more = el('button', '', `Show ${pairs.length - kPairsShown} more prompts`);
    more.onclick = () => more.replaceWith(...pairs.slice(kPairsShown).map(pairCard));
    add(box, more);
  }
  return box;
}

function datasetRows(stage) {
  const list = stage.rows || [];
  if (!list.length) return null;
  const details = add(el('details'), el('summary', '', 'First rows of the data it made'));
  for (const row of list) {
    const prompt = row.prompt ? el('p', 'prompt', row.prompt) : null;
    add(details, add(el('div', 'card pair'), prompt, written(row.completion)));
  }
  return details;
}

function facts(stage) {
  const names = Object.keys(stage.facts);
  if (!names.length) return null;
  const show = value => isNumber(value) ? plain(value) : String(value);
  const fact = name => add(el('span', '', name + ' '), el('b', '', show(stage.facts[name])));
  return add(el('div', 'facts'), ...names.map(fact));
}

function stageSection(stage) {
  const section = el('section');
  section.id = anchors.get(stage.name);
  add(section, add(el('div', 'head'), el('h2', '', stage.name), el('span', 'badge', stage.kind),
                   el('span', 'badge ' + stage.status, stage.status), el('span', 'end', duration(stage.seconds))));
  const notes = (stage.notes || []).map(note => el('p', 'note', note));
  return add(section, facts(stage), ...notes, ...curves(stage), samples(stage), datasetRows(stage));
}

function raw(title, value) {
  return add(el('details'), el('summary', '', title), el('pre', 'card', JSON.stringify(value, null, 2)));
}

header();
document.getElementById('main').replaceChildren();
add(document.getElementById('main'), results(), lineage(), ...stages.map(stageSection));
add(document.getElementById('foot'), raw('Recipe as it ran', run.recipe), raw('Environment', run.environment));
)js";

}  // namespace aha::report
