/** The one style sheet, and the one picture. Served as files, so that the policy need not allow style inside pages. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="6" fill="#2456c4"/><path d="M3.5 12S6.5 6.5 12 6.5 20.5 12 20.5 12 17.5 17.5 12 17.5 3.5 12 3.5 12Z" fill="none" stroke="#fff" stroke-width="1.8"/><rect x="9.5" y="9.5" width="5" height="5" rx="1" fill="#fff"/></svg>`

export const CSS = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --line: #d9dde4; --text: #1a1f29; --dim: #596273; --link: #1d4fbf;
  --bad: #b3261e; --bad-soft: #fcebea; --warn: #855300; --warn-soft: #fdf3dc; --good: #1c6b3a; --good-soft: #e5f4ea;
  --info: #1d4fbf; --info-soft: #e7eefc; --mute: #596273; --mute-soft: #eceef2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12151b; --card: #1a1e26; --line: #333a47; --text: #e6e9ef; --dim: #9aa4b5; --link: #8ab0ff;
    --bad: #ff938a; --bad-soft: #3a1c1a; --warn: #f0bd62; --warn-soft: #35290f; --good: #7bd39a; --good-soft: #15301f;
    --info: #8ab0ff; --info-soft: #1a2745; --mute: #9aa4b5; --mute-soft: #262c37;
  }
}
* { box-sizing: border-box; }
html { font: 16px/1.5 system-ui, sans-serif; scroll-padding-top: 1rem; }
@media (min-width: 1900px) { html { font-size: 18px; } }
@media (min-width: 2400px) { html { font-size: 21px; } }
body { margin: 0; background: var(--page); color: var(--text); min-height: 100vh; display: flex; flex-direction: column; }
a { color: var(--link); }
a:focus-visible, button:focus-visible, input:focus-visible, summary:focus-visible, .taken section:focus-visible, .wide:focus-visible, pre:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .75rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .75rem; }
h3 { font-size: 1.1rem; margin: 0; }
h4 { font-size: .95rem; margin: 1rem 0 .25rem; }
p { margin: .5rem 0; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
pre.text { font: .85rem/1.45 ui-monospace, monospace; max-height: 24rem; overflow: auto; margin: .75rem 0; padding: .8rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 2; }
.dim { color: var(--dim); font-weight: 400; }
.lead { font-size: 1.05rem; }
.break { overflow-wrap: anywhere; }
.number { font-variant-numeric: tabular-nums; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .25rem .5rem; z-index: 1; }
.top, main, footer { width: 100%; max-width: 84rem; margin: 0 auto; padding: 0 1rem; }
.top { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1.25rem; padding-top: .75rem; padding-bottom: .75rem; border-bottom: 1px solid var(--line); }
.top nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; flex: 1; }
.top nav a { text-decoration: none; }
.top nav a:hover { text-decoration: underline; }
.brand { display: inline-flex; align-items: center; gap: .5rem; font-weight: 700; color: var(--text); text-decoration: none; }
main { flex: 1; padding-top: 1.5rem; padding-bottom: 3rem; }
footer { padding-top: 1rem; padding-bottom: 1.5rem; border-top: 1px solid var(--line); display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; font-size: .9rem; }
.crumb { margin: 0 0 .5rem; font-size: .9rem; }
.narrow { max-width: 30rem; margin: 2rem auto; }
.alarm { width: 100%; max-width: 82rem; margin: 1rem auto 0; padding: .6rem 1rem; border-radius: .5rem; background: var(--bad-soft); color: var(--bad); font-weight: 600; }
.none { color: var(--dim); background: var(--card); border: 1px dashed var(--line); border-radius: .6rem; padding: 1rem; }
.stack { display: grid; gap: .5rem; margin: 1rem 0; }
label { font-weight: 600; }
input { font: inherit; padding: .55rem .7rem; border: 1px solid var(--dim); border-radius: .5rem; background: var(--card); color: inherit; width: 100%; }
button, .button { font: inherit; display: inline-block; padding: .4rem .8rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card); color: var(--text); cursor: pointer; text-decoration: none; }
input[type=checkbox] { width: auto; margin: 0; accent-color: #2456c4; }
.prove { margin: .75rem 0; }
.prove .check { font-weight: 400; color: var(--dim); }
button:hover, .button:hover { border-color: var(--dim); }
button.main { background: #2456c4; border-color: #2456c4; color: #fff; font-weight: 600; padding: .6rem; }
.badge { display: inline-block; padding: .05rem .55rem; border-radius: 1rem; font-size: .85rem; font-weight: 600; white-space: nowrap; color: var(--mute); background: var(--mute-soft); }
.badge.bad { color: var(--bad); background: var(--bad-soft); }
.badge.warn { color: var(--warn); background: var(--warn-soft); white-space: normal; }
.badge.good { color: var(--good); background: var(--good-soft); }
.badge.info { color: var(--info); background: var(--info-soft); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem; margin: 0; }
.figures div, .port, .facts, .verdict, .wide, .rows { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
.figures div { padding: .75rem 1rem; }
.figures dt { color: var(--dim); font-size: .9rem; }
.figures dd { margin: 0; font-size: 1.6rem; font-weight: 700; font-variant-numeric: tabular-nums; }
.figures .dim { font-size: 1rem; }
.columns { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0 2rem; }
@media (min-width: 1000px) { .columns { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
.rows { list-style: none; margin: 0; padding: 0; overflow: hidden; }
.rows li + li { border-top: 1px solid var(--line); }
.row { display: grid; grid-template-columns: minmax(0, 1fr) auto auto; gap: .1rem .75rem; align-items: baseline; padding: .65rem 1rem; color: inherit; text-decoration: none; }
.row:hover { background: var(--mute-soft); }
.row .what { overflow-wrap: anywhere; }
.row .when { color: var(--dim); font-size: .9rem; white-space: nowrap; }
.row .say { grid-column: 1 / -1; color: var(--dim); font-size: .92rem; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
.wide code, .wide time { white-space: nowrap; }
table { border-collapse: collapse; width: 100%; font-size: .95rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .8rem; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--dim); font-size: .85rem; font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 600; font-variant-numeric: tabular-nums; }
td .cut { display: block; max-width: 16rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr)); gap: .6rem 1.5rem; padding: .9rem 1rem; margin: .75rem 0; }
.facts dt { color: var(--dim); font-size: .85rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.verdict { padding: 1rem 1.25rem; border-left: 6px solid var(--mute); }
.verdict.bad { border-left-color: var(--bad); }
.verdict.warn { border-left-color: var(--warn); }
.verdict.good { border-left-color: var(--good); }
.verdict.info { border-left-color: var(--info); }
.verdict h1 { margin: .4rem 0 .25rem; }
.phases { list-style: none; display: flex; flex-wrap: wrap; gap: .4rem; padding: 0; margin: 1rem 0 0; }
.phases li { padding: .2rem .8rem; border-radius: 1rem; background: var(--mute-soft); color: var(--mute); font-size: .9rem; }
.phases li[aria-current] { background: var(--info-soft); color: var(--info); font-weight: 700; outline: 1px solid var(--info); }
.share { white-space: nowrap; font-weight: 600; }
meter { width: 5rem; height: .8rem; vertical-align: middle; }
.cards { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr); }
@media (min-width: 1400px) { .cards { grid-template-columns: repeat(auto-fit, minmax(min(100%, 36rem), 1fr)); } }
.port { padding: 1rem 1.25rem; min-width: 0; overflow-wrap: anywhere; }
.port > header { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .5rem; align-items: center; }
.port:has(:target), .rules div:target { outline: 2px solid var(--link); }
.timeline { margin: .75rem 0; }
.timeline svg { width: 100%; height: 1.6rem; display: block; }
.timeline figcaption { color: var(--dim); font-size: .88rem; }
.timeline .rest { fill: var(--mute-soft); }
.timeline .reachable { fill: var(--good); }
.timeline .lost { fill: var(--bad); opacity: .55; }
.timeline .mark { fill: var(--text); }
.cause { border-left: 3px solid var(--line); padding-left: .9rem; margin: .75rem 0; }
.cause h4 { margin-top: 0; font-size: 1.05rem; }
.evidence, .fix ol { margin: .25rem 0; padding-left: 1.25rem; }
.evidence li { margin: .15rem 0; }
.fix li p { margin: .15rem 0; }
.port .facts + .facts { border-top: 1px solid var(--line); border-radius: 0; padding-top: .9rem; }
details { margin: .75rem 0; }
summary { cursor: pointer; color: var(--link); }
.port .facts { border: 0; padding: 0; }
.plain { padding-left: 1.25rem; }
.rules > div { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .6rem 1rem; margin: .5rem 0; display: grid; grid-template-columns: 6rem minmax(0, 1fr); gap: .25rem 1rem; }
.rules dt { font-weight: 700; }
.rules dd { margin: 0; }
.measure { max-width: 46rem; }
.away { position: absolute; width: 1px; height: 1px; margin: -1px; padding: 0; border: 0; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.strip { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 9rem), 1fr)); gap: 0; margin: 1.25rem 0; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; overflow: hidden; }
.strip div { padding: .7rem 1rem; box-shadow: -1px -1px 0 var(--line); }
.strip dt { color: var(--dim); font-size: .85rem; }
.strip dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem 1.25rem 1.25rem; margin: 1.25rem 0; }
.card h2 { margin: 0 0 .5rem; }
.ask { display: grid; grid-template-columns: minmax(0, 26rem) auto; gap: .35rem .6rem; justify-content: start; align-items: stretch; }
.ask label { grid-column: 1 / -1; font-weight: 400; color: var(--dim); font-size: .92rem; }
.ask input { font-family: ui-monospace, monospace; }
.ask button.main { padding: .4rem 1.2rem; }
.answer { margin: .9rem 0 0; padding: .6rem .9rem; border-radius: .5rem; border-left: 4px solid var(--mute); background: var(--mute-soft); overflow-wrap: anywhere; }
.answer.good { border-left-color: var(--good); background: var(--good-soft); }
.answer.info { border-left-color: var(--info); background: var(--info-soft); }
.answer.bad { border-left-color: var(--bad); background: var(--bad-soft); }
.head { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; justify-content: space-between; margin: 2rem 0 .75rem; }
.head h2 { margin: 0; }
.copy { font-size: .82rem; padding: .1rem .6rem; line-height: 1.5; color: var(--link); min-width: 4.4rem; text-align: center; }
.head .copy { font-size: .95rem; padding: .35rem .9rem; }
.copy.done { color: var(--good); border-color: var(--good); }
.whole { white-space: nowrap; }
.take { display: inline-flex; gap: .25rem .6rem; align-items: center; }
.take code { font-weight: 600; }
.taken { position: relative; }
.taken .copy { position: absolute; top: .45rem; right: .45rem; background: var(--card); }
.taken section { margin: .5rem 0; max-height: 22rem; overflow: auto; background: var(--mute-soft); border: 1px solid var(--line); border-radius: .5rem; }
.taken pre { margin: 0; padding: .8rem 6rem .8rem 1rem; font: .85rem/1.6 ui-monospace, monospace; user-select: all; width: max-content; min-width: 100%; }
.groups { display: grid; gap: 1rem 2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 16rem), 1fr)); }
.groups h3 { font-size: .92rem; font-weight: 600; color: var(--dim); margin: 0 0 .4rem; }
.chips { list-style: none; display: flex; flex-wrap: wrap; gap: .4rem; margin: 0; padding: 0; }
.chips a { display: block; padding: .2rem .7rem; border: 1px solid var(--line); border-radius: 1rem; background: var(--card); text-decoration: none; font-size: .92rem; }
.chips a:hover, .tiles a:hover { border-color: var(--link); }
.tiles { list-style: none; display: grid; gap: .75rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); margin: 0; padding: 0; }
.tiles a { display: grid; align-content: start; gap: .1rem; height: 100%; padding: .7rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; color: inherit; text-decoration: none; }
.tiles .dim { font-size: .9rem; }
.tiles code { color: var(--link); margin-top: .3rem; font-size: .85rem; }
.log { list-style: none; margin: 0; padding: 0; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
.log li { padding: .6rem 1rem; }
.log li + li { border-top: 1px solid var(--line); }
.log p { margin: 0; }
@media (max-width: 640px) {
  .top nav { order: 1; flex-basis: 100%; }
  .top form, .top > a:last-child { margin-left: auto; }
}
@media (max-width: 600px) {
  /* Rows are stacked: each value beside the name of its column. */
  .wide thead:not(:has(a)), .wide thead th:not(:has(a)) { display: none; }
  .wide table, .wide thead, .wide tbody, .wide tr, .wide tbody th, .wide td { display: block; }
  .wide thead th { display: inline-block; padding: 0 1rem 0 0; white-space: normal; }
  .wide thead:has(a) { border-bottom: 1px solid var(--line); }
  .wide tr { padding: .5rem .8rem; }
  .wide tr + tr { border-top: 1px solid var(--line); }
  .wide tbody th, .wide td { padding: .1rem 0; border: 0; overflow-wrap: anywhere; }
  .wide td { display: grid; grid-template-columns: 7rem minmax(0, 1fr); gap: 0 .75rem; }
  .wide td::before { content: attr(data-name); color: var(--dim); font-size: .85rem; }
  .wide td:empty { display: none; }
  .wide code, .wide time, td .cut { white-space: normal; max-width: none; }
  .wide .badge { white-space: normal; }
}
@media (max-width: 480px) {
  .taken { display: grid; justify-items: end; }
  .taken .copy { position: static; }
  .taken section { width: 100%; }
  .taken pre { padding-right: 1rem; }
  .ask { grid-template-columns: minmax(0, 1fr) auto; }
  .take { flex-wrap: wrap; }
  .rules > div { grid-template-columns: minmax(0, 1fr); }
  .row { grid-template-columns: minmax(0, 1fr) auto; }
  .row .when { grid-column: 1 / -1; grid-row: 2; }
}
@media print { .top nav, .top form, footer { display: none; } body { background: #fff; } }
`
