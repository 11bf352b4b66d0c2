/** What a phone makes of parts that stand well on a desk. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import base from '../../worker/portal/built/base.ts'
import style from '../../worker/portal/built/style.ts'
import { openBrowser } from './support/browser.ts'
import { describeInBrowser } from './support/stories.ts'

let browser: Browser
let page: Page

describeInBrowser('on a phone', () => {
  beforeAll(async () => {
    browser = await openBrowser()
    page = await browser.newPage({ viewport: { width: 360, height: 400 } })
  })
  afterAll(() => browser?.close())

  test('a question opens under its row of buttons, and moves none of them', async () => {
    const ask = (name: string) =>
      `<details class="ask-first"><summary>${name}…</summary><form><p>It goes on with what it has.</p></form></details>`
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 400 })
      await page.setContent(`<!doctype html><html lang="en"><title>x</title><style>${style.text}</style><main>
        <div class="deeds">${['Drain', 'Quarantine', 'Revoke'].map(ask).join('')}</div></main>`)
      const places = () =>
        page.locator('summary').evaluateAll((all) =>
          all.map((one) => {
            const { x, y } = one.getBoundingClientRect()
            return [x, y]
          }),
        )
      const before = await places()
      await page.getByText('Drain…').click()
      expect(await places()).toEqual(before)
      const form = await page.locator('[open] form').boundingBox()
      expect(form?.y).toBeGreaterThan(Math.max(...before.map(([, y]) => y ?? 0)) + 20)
    }
    await page.setViewportSize({ width: 360, height: 400 })
  })

  test('the place one is at is in sight and lies over no other', async () => {
    const names = [
      'Overview',
      'Targets',
      'Scans',
      'Issues',
      'Fleet',
      'Channels',
      'Keys',
      'Audit log',
      'Settings',
      'API',
    ]
    for (const here of names) {
      const links = names.map((name) => `<a href="/"${name === here ? ' aria-current="page"' : ''}>${name}</a>`)
      await page.setContent(`<!doctype html><html lang="en"><title>x</title><style>${style.text}</style>
        <header class="side"><nav class="places">${links.join('')}</nav></header>`)
      await page.addScriptTag({ content: base.text })
      const boxes = await page.locator('.places a').evaluateAll((all) =>
        all.map((one) => {
          const { left, right } = one.getBoundingClientRect()
          return { left, right }
        }),
      )
      const at = boxes[names.indexOf(here)]
      expect([here, (at?.left ?? -1) >= 0 && (at?.right ?? 999) <= 360]).toEqual([here, true])
      for (const [i, { left }] of boxes.entries())
        if (i > 0) expect(left).toBeGreaterThanOrEqual(boxes[i - 1]?.right ?? 0)
    }
  })

  test('what follows a time in a table stands right behind it', async () => {
    await page.setContent(`<!doctype html><html lang="en"><title>x</title><style>${style.text}</style><main>
      <div class="wide"><table><tbody><tr><td data-name="Last scan"><div><time>9 s ago</time><b>, 79 %</b></div></td></tr></tbody></table></div></main>`)
    const [time, rest] = await Promise.all(['time', 'b'].map((tag) => page.locator(tag).boundingBox()))
    expect((rest?.x ?? 0) - (time?.x ?? 0) - (time?.width ?? 0)).toBeLessThan(2)
    expect(time?.width).toBeLessThan(80)
  })
})
