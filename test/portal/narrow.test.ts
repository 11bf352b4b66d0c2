/** What a phone makes of parts that stand well on a desk. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
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

  test('what follows a time in a table stands right behind it', async () => {
    await page.setContent(`<!doctype html><html lang="en"><title>x</title><style>${style.text}</style><main>
      <div class="wide"><table><tbody><tr><td data-name="Last scan"><div><time>9 s ago</time><b>, 79 %</b></div></td></tr></tbody></table></div></main>`)
    const [time, rest] = await Promise.all(['time', 'b'].map((tag) => page.locator(tag).boundingBox()))
    expect((rest?.x ?? 0) - (time?.x ?? 0) - (time?.width ?? 0)).toBeLessThan(2)
    expect(time?.width).toBeLessThan(80)
  })
})
