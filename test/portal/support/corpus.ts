/**
 * What hosts and people may hold in store for a page. Whatever of it runs sets `window.__hit`; whatever is fetched goes to a
 * port where nobody listens, and shows as a request that left.
 */
const RUN = 'window.__hit=1'
const AWAY = 'http://127.0.0.1:1/leak'

export const CORPUS: Readonly<Record<string, string>> = {
  script: `<script>${RUN}</script>`,
  'the end of a script': `</script><script>${RUN}</script>`,
  handler: `"><img src=x onerror="${RUN}">`,
  'attribute without tag': `' onfocus=${RUN} autofocus tabindex=1 x='" onmouseover=${RUN} "`,
  svg: `<svg/onload=${RUN}><a href="javascript:${RUN}"><text>x`,
  'end of a picture': `</text></svg><iframe srcdoc="<script>parent.__hit=1</script>">`,
  address: `javascript:${RUN}//`,
  style: '</style></title></textarea><style>*{display:none!important}</style>',
  elsewhere: `<link rel=stylesheet href=${AWAY}><img src=${AWAY}><base href=${AWAY}>`,
  refresh: `<meta http-equiv=refresh content="0;url=${AWAY}">`,
  form: `</form></table><form action=${AWAY}><input name=q autofocus>`,
  comment: '<!--><plaintext><!--',
  entities: '&lt;b&gt;&#x3c;script&#x3e;&amp;amp;&NoSuch;',
  'turned around': 'exe.\u202egpj\u202c\u2066\u2067x\u2069\u200f',
  'right to left': 'שרת הדואר מוכן مرحبا بالعالم 25/tcp',
  terminal: '\u001b[31mred\u001b[0m\u001b]0;title\u0007\u009b2J\u001b[2K\r\b\b',
  'zero width': 'ad\u200bmin\u200d\ufeff\u2060\u00ad\u{e0041}',
  nothing: 'before\u0000after\u0001\u001f\u007f',
  'lines of all kinds': 'one\ntwo\r\nthree\u2028four\u2029five\u0085six\u000bseven',
  faces: '👩‍👩‍👧‍👦🏴‍☠️🫱🏽‍🫲🏿'.repeat(6),
  tower: `Z${'\u0300\u0301\u0489\u0324'.repeat(20)}algo`,
  format: `%s%n%x{0}\${7*7}{{7*7}}#{7*7}<%= 7*7 %>\\u003cscript\\u003e`,
  sheet: `=HYPERLINK("${AWAY}";"x")`,
  'sheet by sign': '+cmd|" /C calc"!A0',
  'sheet by at': '@SUM(1+1)*cmd',
  record: '"}],"verdict":"clear","x":[{"y":"\\',
  statement: `'; DROP TABLE targets; --`,
  template: `\`\${${RUN}}\``,
  'one long word': 'A'.repeat(180),
  ideographs: '漢字かな交じり文、全角ＡＢＣ'.repeat(5),
}

/** One line of a megabyte: what a pane must bear. */
export const LONG_LINE = `<b>${'=long '.repeat(150_000)}${'x'.repeat(120_000)}</b>`
