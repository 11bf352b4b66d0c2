/** The checks of the pages see what they are there to see. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { axeFaults, openBrowser } from './support/browser.ts'
import { keyboardFaults } from './support/keyboard.ts'
import { layoutFaults } from './support/layout.ts'
import { describeInBrowser } from './support/stories.ts'

const SOUND =
  '<a href="#a">One</a> <button>Two</button> <input aria-label="Three"> <details><summary>Four</summary>more</details>'

let browser: Browser
let page: Page

describeInBrowser('what is looked for on pages', () => {
  beforeAll(async () => {
    browser = await openBrowser()
    page = await browser.newPage({ viewport: { width: 600, height: 400 } })
  })
  afterAll(() => browser?.close())
  const shown = (main: string, style = '') =>
    page.setContent(
      `<!doctype html><html lang="en"><title>x</title><style>:focus{outline:2px solid #123}${style}</style><main><h1>Page</h1>${main}</main>`,
    )

  test('a sound page has no fault', async () => {
    await shown(SOUND)
    expect([await keyboardFaults(page), await layoutFaults(page), await axeFaults(page)]).toEqual([[], [], []])
  })

  test.each([
    [
      'a field that Tab passes over',
      `${SOUND}<div tabindex="0" onfocus="this.blur()">x</div>`,
      '',
      /out of order|never reached/,
    ],
    ['a focus that nothing shows', SOUND, 'button:focus{outline:none}', /nothing shows where the focus is: button/],
    ['an order that jumps', '<a href="#a">One</a><a href="#b" tabindex="3">Two</a>', '', /out of order/],
    [
      'a trap',
      '<input id="a"><input id="b"><script>b.onkeydown=e=>{e.preventDefault();a.focus()}</script><a href="#c">C</a>',
      '',
      /never reached: a/,
    ],
    ['a link off the page', '<a href="#a" style="position:fixed;left:-900px">gone</a>', '', /out of sight: a/],
  ])('the keyboard finds %s', async (_, main, style, fault) => {
    await shown(main, style)
    expect((await keyboardFaults(page)).join('\n')).toMatch(fault)
  })

  test.each([
    ['a page that scrolls sideways', '<div style="width:700px">wide</div>', /scrolls sideways by \d+ px: div/],
    ['text that is cut', '<p style="width:40px;overflow:hidden;white-space:nowrap">all of this</p>', /cut off: p/],
    [
      'text on text',
      '<p style="margin:0">Under</p><b style="position:absolute;top:5rem;left:0">Over</b><i style="position:absolute;top:5rem;left:0">Other</i>',
      /on top of each other: b.* and i/,
    ],
  ])('the layout shows %s', async (_, main, fault) => {
    await shown(main)
    expect((await layoutFaults(page)).join('\n')).toMatch(fault)
  })

  test('an ellipsis, a place to scroll in, and what is there for ears alone are no faults', async () => {
    await shown(
      '<p style="width:60px;overflow:hidden;white-space:nowrap;text-overflow:ellipsis">all of this is long</p>' +
        '<section tabindex="0" aria-label="wide" style="width:100px;overflow:auto"><div style="width:900px">wide</div></section>' +
        '<p><span class="away" style="position:absolute;width:1px;height:1px;overflow:hidden">for ears</span>Text</p>',
    )
    expect(await layoutFaults(page)).toEqual([])
  })

  test('axe finds a field without a name, and weak contrast', async () => {
    await shown('<input><p style="color:#bbb;background:#fff">faint</p>')
    expect((await axeFaults(page)).map(({ rule }) => rule)).toEqual(expect.arrayContaining(['label', 'color-contrast']))
  })
})
