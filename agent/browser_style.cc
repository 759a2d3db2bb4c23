#include "agent/browser_frame.h"

namespace agent {

Markup browser_style() {
  return R"css(
:root {
  color-scheme: light dark;
  --ground: #f4f6f5; --sheet: #ffffff; --ink: #18211f; --soft: #56635f; --line: #d5dcd9;
  --accent: #0b6b5e; --good: #17663a; --good-ground: #dff3e6; --warn: #7a4b00;
  --warn-ground: #fcefd2; --bad: #a51d16; --bad-ground: #fce3e0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1413; --sheet: #171e1c; --ink: #e5ebe9; --soft: #9fada8; --line: #2b3532;
    --accent: #5cc9b6; --good: #7fd9a0; --good-ground: #15301f; --warn: #f0c06a;
    --warn-ground: #36290d; --bad: #ff9d94; --bad-ground: #3d1815;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
  overflow-wrap: break-word;
}
tbody th, dd, .problems, .problem, h1, h2, li { overflow-wrap: anywhere; }
time, .state, thead th { white-space: nowrap; }
code { font: .9em/1.4 ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", monospace; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--sheet); padding: .3rem .6rem; z-index: 2; }
header {
  position: sticky; top: 0; z-index: 1; background: var(--sheet);
  border-bottom: 1px solid var(--line); padding: .5rem max(1rem, calc(50vw - 44rem));
  display: flex; flex-wrap: wrap; gap: .2rem 1.5rem; align-items: baseline;
}
header p { margin: 0; }
.brand { font-weight: 700; color: var(--accent); }
.brand span { color: var(--ink); font-weight: 400; }
header nav { display: flex; gap: 1.1rem; }
header nav a { text-decoration: none; padding: .3rem 0; border-bottom: 2px solid transparent; }
header nav a[aria-current] { border-color: var(--accent); font-weight: 600; color: var(--ink); }
#note { color: var(--warn); }
#note:empty { display: none; }
.lost .live { opacity: .55; }
main, footer { max-width: 88rem; margin: 0 auto; padding: 0 1rem; }
footer { color: var(--soft); font-size: .85rem; padding: 2rem 1rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 1.2rem 0 .8rem; }
h2 { font-size: 1.15rem; margin: 1.8rem 0 .4rem; }
p { margin: .4rem 0; }
.muted, caption, dt { color: var(--soft); }
.none, .agent, .filter {
  background: var(--sheet); border: 1px solid var(--line); border-radius: 10px;
  padding: .8rem 1rem; margin: 0 0 1rem;
}
.state {
  display: inline-block; padding: 0 .55em; border-radius: 1em; font-size: .88em; font-weight: 600;
  background: var(--warn-ground); color: var(--warn);
}
.state.good { background: var(--good-ground); color: var(--good); }
.state.bad { background: var(--bad-ground); color: var(--bad); }
.problems, .problem {
  list-style: none; margin: .6rem 0 0; padding: .5rem .8rem; border-radius: 6px;
  border-left: 4px solid var(--warn); background: var(--warn-ground); color: var(--ink);
}
.figures {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(7.5rem, 1fr)); gap: .6rem 1rem;
  margin: .7rem 0 0;
}
.figures div { display: flex; flex-direction: column-reverse; justify-content: flex-end; }
.figures dt { font-size: .85rem; line-height: 1.25; }
.figures dd { margin: 0; font-size: 1.45rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.filter { display: flex; flex-wrap: wrap; gap: .6rem 1rem; align-items: center; }
.filter label { display: flex; gap: .5rem; align-items: center; color: var(--soft); }
input, button {
  font: inherit; color: var(--ink); background: var(--ground); border: 1px solid var(--soft);
  border-radius: 6px; padding: .35rem .6rem; min-width: 0;
}
input[type=checkbox] { width: 1.15rem; height: 1.15rem; accent-color: var(--accent); }
button { background: var(--accent); border-color: var(--accent); color: var(--sheet); cursor: pointer; }
table {
  width: 100%; border-collapse: separate; border-spacing: 0; background: var(--sheet);
  border: 1px solid var(--line); border-radius: 10px; font-size: .94rem; overflow: hidden;
}
caption { text-align: left; padding: .3rem .2rem .5rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .7rem; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--soft); font-weight: 600; font-size: .85rem; }
tbody th { font-weight: 600; }
tbody tr:hover { background: color-mix(in srgb, var(--accent) 5%, transparent); }
tbody tr.more td { border-top: 0; padding-top: 0; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
summary { cursor: pointer; }
details ul { margin: .4rem 0; padding: 0; list-style: none; font-size: .93em; }
details li { padding: .15rem 0; }
td > details { min-width: 9rem; }
.pages { display: flex; gap: .7rem; margin: 1rem 0; }
.pages a {
  background: var(--sheet); border: 1px solid var(--line); border-radius: 6px;
  padding: .4rem .9rem; text-decoration: none;
}
.lines { list-style: none; margin: 0; padding: 0; display: grid; gap: .6rem; }
.lines li {
  background: var(--sheet); border: 1px solid var(--line); border-radius: 10px; padding: .6rem 1rem;
}
.lines p { margin: 0; }
.lines dl { margin: .3rem 0 0; font-size: .9rem; }
.lines dl div { display: grid; grid-template-columns: minmax(5rem, 9rem) 1fr; gap: .8rem; }
.lines dd { margin: 0; font-family: ui-monospace, SFMono-Regular, Menlo, monospace; font-size: .92em; }
@media (max-width: 48rem) {
  .filter label { flex: 1 1 100%; }
  .filter label:not(.check) { flex-wrap: wrap; }
  .filter label:not(.check) input { flex: 1 1 100%; }
  .filter button { flex: 0 1 auto; padding: .45rem 1.2rem; }
  .figures { grid-template-columns: repeat(3, 1fr); }
  .rows, .rows caption, .rows tbody, .rows tr, .rows th, .rows td { display: block; }
  .rows { border: 0; background: none; border-radius: 0; }
  .rows thead {
    position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  }
  .rows tbody tr {
    background: var(--sheet); border: 1px solid var(--line); border-radius: 10px;
    padding: .6rem .9rem; margin-bottom: .7rem;
  }
  .rows tbody tr:has(+ .more) { margin-bottom: 0; border-bottom: 0; border-radius: 10px 10px 0 0; }
  .rows tbody tr.more { border-top: 0; border-radius: 0 0 10px 10px; padding-top: 0; }
  .rows th, .rows td { border: 0; padding: .1rem 0; text-align: left; }
  .rows tbody th { padding-bottom: .3rem; font-size: 1.02rem; }
  .rows td[data-label] { display: grid; grid-template-columns: 7.5rem 1fr; gap: .6rem; }
  .rows td[data-label]::before { content: attr(data-label); color: var(--soft); }
  .rows td[data-label]:empty, .rows .gone { display: none; }
  .rows .state { justify-self: start; white-space: normal; }
  .rows td[data-label] > p { grid-column: 2; }
  .lines dl div { grid-template-columns: 1fr; gap: 0; margin-top: .25rem; }
}
@media (prefers-reduced-motion: no-preference) { .live { transition: opacity .3s; } }
@media print { header, .filter, .pages { display: none; } }
)css";
}

}  // namespace agent
