/** Every page that a link leads to: readable by everyone, usable by keyboard alone, whole on a phone and on a wall. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Stack } from '../support/stack.ts'
import { axeFaults, openBrowser, read, signInOnce, type Visitor, visit, WIDTHS } from './support/browser.ts'
import { pagesOf } from './support/crawl.ts'
import { filledStack } from './support/filled.ts'
import { keyboardFaults } from './support/keyboard.ts'
import { layoutFaults } from './support/layout.ts'
import { describeInBrowser } from './support/stories.ts'

const PICTURES = join(import.meta.dirname, '../output/portal')

let stack: Stack
let browser: Browser
let visitor: Visitor
let pages: string[]

describeInBrowser('every page of the portal', () => {
  beforeAll(async () => {
    const filled = await filledStack('127.0.0.61')
    stack = filled.stack
    browser = await openBrowser()
    visitor = await visit(browser, stack.worker.url)
    await signInOnce(visitor, stack.worker)
    pages = await pagesOf((path) => read(visitor, stack.worker.url + path), [`/scans/${filled.scan.id}`], 1)
    await mkdir(PICTURES, { recursive: true })
  }, 240_000)
  afterAll(async () => {
    await browser?.close()
    await stack?.[Symbol.asyncDispose]()
    console.log(`Pictures of every page: ${PICTURES}`)
  })

  test('there are pages to look at, of every kind', () => {
    const kinds = ['/targets', '/targets/tgt_', '/scans', '/scans/scn_', '/issues', '/issues/iss_', '/ranges', '/rules']
    for (const kind of kinds)
      expect(
        pages.some((path) => path.startsWith(kind)),
        kind,
      ).toBe(true)
  })

  test('axe finds nothing', { timeout: 400_000 }, async () => {
    expect(await axeOnAll('light')).toEqual([])
  })

  test('nor where it is dark, where the colours are others; these pages have their picture taken', async () => {
    expect(await axeOnAll('dark', ['color-contrast', 'link-in-text-block'])).toEqual([])
  })

  test('all that can be used is reached by the keyboard alone, in order, and one sees where one is', async () => {
    const { page } = visitor
    await page.setViewportSize({ width: 1280, height: 900 })
    const faults: string[] = []
    for (const path of pages) {
      await visitor.open(path)
      await unfold()
      faults.push(...(await keyboardFaults(page)).map((fault) => `${path}: ${fault}`))
    }
    expect(faults).toEqual([])
  })

  test.each(WIDTHS)('nothing is cut, covered or sideways at %i pixels', async (width) => {
    const { page } = visitor
    await page.emulateMedia({ colorScheme: 'light' })
    const faults: string[] = []
    for (const path of pages) {
      await page.setViewportSize({ width, height: 900 })
      await visitor.open(path)
      await picture(path, `${width}`)
      await unfold()
      faults.push(...(await layoutFaults(page)).map((fault) => `${path}: ${fault}`))
    }
    expect(faults).toEqual([])
  })

  test('the browser had nothing to complain of', () => {
    expect(visitor.complaints.filter((text) => !/status of 40[14]/.test(text))).toEqual([])
  })
})

async function axeOnAll(colorScheme: 'light' | 'dark', rules?: readonly string[]): Promise<object[]> {
  const { page } = visitor
  await page.setViewportSize({ width: 1280, height: 900 })
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
  const faults: object[] = []
  for (const path of pages) {
    await visitor.open(path)
    if (colorScheme === 'dark') await picture(path, '1280-dark')
    await unfold()
    faults.push(...(await axeFaults(page, rules)).map((fault) => ({ path, ...fault })))
  }
  return faults
}

/** What a reader would open is looked at open. */
const unfold = () =>
  visitor.page.evaluate(() => {
    for (const details of document.querySelectorAll('details')) details.open = true
  })

const picture = (path: string, name: string) => {
  const file = path
    .replace(/^\/$/, 'overview')
    .replace(/^\//, '')
    .replace(/[^\w-]+/g, '-')
    .slice(0, 60)
  return visitor.page.screenshot({ path: join(PICTURES, `${file}-${name}.png`), fullPage: false })
}
