/** What script adds to the page of a scan: the pane with the raw output, what is told of a mark, times in the reader's zone. */
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ScanAnswer } from '../../schema/api.ts'
import type { Stack } from '../support/stack.ts'
import { axeFaults, openBrowser, signInOnce, type Visitor, visit } from './support/browser.ts'
import { assertiveScan, filledStack } from './support/filled.ts'
import { describeInBrowser } from './support/stories.ts'

const HOST = '127.0.0.74'
/** a loaded machine takes its time */
const WAIT = { timeout: 60_000 }
/** What is told of a mark is gone by then, once nobody points at it. */
const GONE_MS = 1_000

let stack: Stack
let scan: ScanAnswer
let browser: Browser
let visitor: Visitor
let page: Page

describeInBrowser('what script adds to the page of a scan', () => {
  beforeAll(async () => {
    const filled = await filledStack(HOST)
    stack = filled.stack
    scan = filled.scan
    browser = await openBrowser()
    visitor = await visit(browser, stack.worker.url, {
      timezoneId: 'Asia/Tokyo',
      viewport: { width: 1280, height: 900 },
    })
    page = visitor.page
    await signInOnce(visitor, stack.worker)
  }, 240_000)
  afterAll(async () => {
    await browser?.close()
    await stack?.[Symbol.asyncDispose]()
  })

  test('the raw output opens at the re-check of the open ports, and the address stays as it was', async () => {
    const pane = await opened(page.getByRole('link', { name: 'See scan output' }).first())
    const marked = pane.locator('.line.marked')
    expect(await marked.locator('span').textContent()).toBe('Open Port Re-check')
    await expect.poll(() => isSeenIn(marked, pane.locator('.lines'))).toBe(true)
    expect(new URL(page.url()).hash).toBe('')
    expect(await pane.getByRole('button', { name: 'Open Port Re-check' }).count()).toBe(1)
  })

  test('from a lost port it opens at the re-check of that port, with its lines alone under the heads of their sections', async () => {
    const opener = page.locator('article.port a[data-find]').first()
    await visitor.open(`/scans/${scan.id}`)
    const port = (await opener.getAttribute('data-find')) ?? ''
    const pane = await opened(opener)
    expect(await pane.getByLabel('Only port').inputValue()).toBe(port)
    const marked = pane.locator('.line.marked')
    expect(await marked.locator('span').textContent()).toMatch(new RegExp(` ${port}/tcp {2}was open `))
    await expect.poll(() => isSeenIn(marked, pane.locator('.lines'))).toBe(true)
    const texts = await pane.locator('.line span').allTextContents()
    for (const head of ['Services', 'Engagement', 'Open Port Re-check', '-'.repeat('Open Port Re-check'.length)])
      expect(texts).toContain(head)
    expect(texts.some((text) => /^== Verdicts =+$/.test(text))).toBe(true)
    const others = scan.ports.map((one) => String(one.port)).filter((one) => one !== port)
    const named = (text: string, one: string) => new RegExp(`(?<!\\d)${one}/tcp`).test(text)
    expect(
      texts.filter((text) => others.some((one) => named(text, one)) && !new RegExp(`\\b${port}\\b`).test(text)),
    ).toEqual([])
    const all = (await stack.worker.api.text(`/api/v1/scans/${scan.id}/output`)).split('\n')
    expect(texts.filter((text) => named(text, port))).toEqual(all.filter((text) => named(text, port)))
  })

  test('by keyboard alone: the lines are one stop of Tab, and Enter makes a link to one', async () => {
    await visitor.open(`/scans/${scan.id}`)
    await page.getByRole('link', { name: 'See scan output' }).first().focus()
    await page.keyboard.press('Enter')
    const pane = page.getByRole('dialog', { name: 'Scan output' })
    await pane.locator('.line.marked').waitFor(WAIT)
    const all = await pane.locator('.lines .line').count()
    expect(await axeFaults(page)).toEqual([])
    const begin = await tabToLine()
    expect(await pane.locator(`#L${begin} span`).textContent()).toBe('Open Port Re-check')
    expect(await heard()).toBe('Open Port Re-check')
    await page.keyboard.press('ArrowDown')
    expect(await lineWithFocus()).toBe(begin + 1)
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('ArrowUp')
    expect(await lineWithFocus()).toBe(begin - 1)
    await page.keyboard.press('End')
    expect(await lineWithFocus()).toBe(all)
    await page.keyboard.press('ArrowDown')
    expect(await lineWithFocus()).toBe(all)
    await page.keyboard.press('PageUp')
    const above = await lineWithFocus()
    expect(above).toBeLessThan(all - 3)
    await expect.poll(() => isSeenIn(pane.locator(`#L${above}`), pane.locator('.lines'))).toBe(true)
    await page.keyboard.press('Home')
    expect(await lineWithFocus()).toBe(1)
    await page.keyboard.press('PageDown')
    expect(await lineWithFocus()).toBeGreaterThan(3)
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    expect(new URL(page.url()).hash).toBe('')
    await page.keyboard.press('Enter')
    expect(new URL(page.url()).hash).toBe('#L3')
    expect(await pane.locator('.line.marked').getAttribute('id')).toBe('L3')
    expect(await pane.locator('.told-aloud').textContent()).toContain('Line 3')
    expect(await lineWithFocus()).toBe(3)
    expect(await axeFaults(page)).toEqual([])
    // One stop: the next is none of the lines.
    await page.keyboard.press('Tab')
    expect(await lineWithFocus()).toBe(0)
    expect(await tabToLine()).toBe(3)
    await page.reload()
    await pane.locator('.line.marked').waitFor(WAIT)
    expect(await pane.locator('.line.marked').getAttribute('id')).toBe('L3')
  })

  test('by keyboard alone: arrows in "Go to" lead from section to section', async () => {
    const pane = page.getByRole('dialog', { name: 'Scan output' })
    const jump = pane.getByLabel('Go to')
    await jump.focus()
    const [, ...names] = await jump.locator('option').allTextContents()
    for (const name of names.slice(0, 3)) {
      await page.keyboard.press('ArrowDown')
      expect(await pane.locator('.line.marked span').textContent()).toContain(name)
    }
  })

  test('what was sent to a service is escaped once', async () => {
    const output = await stack.worker.api.text(`/api/v1/scans/${scan.id}/output`)
    expect(output).toMatch(/sent "[^"\\]+\\r\\n/)
    expect(output).not.toContain(String.raw`\\r`)
  })

  test('by mouse alone: what is told of a mark can be pointed at, and goes with the pointer or by Escape', async () => {
    await visitor.open(`/scans/${scan.id}`)
    const figure = page.locator('figure.picture').first()
    const mark = figure.locator('path.tick').nth(2)
    const told = figure.locator('.told')
    await mark.scrollIntoViewIfNeeded()
    const elsewhere = () => page.mouse.move(5, 5)
    const pointAt = async (one: Locator) => {
      const { x, y, width, height } = await placeOf(one)
      await page.mouse.move(x + width / 2, y + height / 2, { steps: 6 })
    }
    await pointAt(mark)
    await told.waitFor({ state: 'visible' })
    const words = await told.textContent()
    await pointAt(told)
    await page.waitForTimeout(GONE_MS)
    expect([await told.isVisible(), await told.textContent()]).toEqual([true, words])
    await elsewhere()
    await told.waitFor({ state: 'hidden', timeout: GONE_MS })
    await pointAt(mark)
    await told.waitFor({ state: 'visible' })
    await page.keyboard.press('Escape')
    expect(await told.isVisible()).toBe(false)
    await page.waitForTimeout(GONE_MS)
    expect(await told.isVisible()).toBe(false)
    // Both the pointer and the focus hold it.
    await mark.focus()
    await pointAt(told)
    await page.evaluate('document.activeElement.blur()')
    await page.waitForTimeout(GONE_MS)
    expect(await told.isVisible()).toBe(true)
    await mark.focus()
    await elsewhere()
    await page.waitForTimeout(GONE_MS)
    expect(await told.isVisible()).toBe(true)
    await page.keyboard.press('Escape')
    expect(await told.isVisible()).toBe(false)
  })

  test('what is told of a mark covers neither the mark nor its neighbours in the lane', async () => {
    for (const figure of await page.locator('figure.picture').all())
      for (const at of [0, -1]) {
        const mark = figure.locator('path.tick').nth(at)
        await mark.focus()
        const [spot, box] = [await placeOf(mark), await placeOf(figure.locator('.told'))]
        expect(box.y >= spot.y + spot.height || box.y + box.height <= spot.y).toBe(true)
      }
  })

  test('what is told of a mark has its time in the zone of the reader, and in UTC', async () => {
    const told = page.locator('figure.picture .told').first()
    await page.locator('figure.picture path.tick').first().focus()
    const values = await told.locator('dd').allTextContents()
    const [here] = values.flatMap((text) => /^(\S+ \S+) GMT\+9, .+ after the start$/.exec(text)?.[1] ?? [])
    const [utc] = values.flatMap((text) => /^(\d{4}-\d\d-\d\d \S+\.\d{3})$/.exec(text)?.[1] ?? [])
    expect(Date.parse(`${here?.replace(' ', 'T')}+09:00`)).toBe(Date.parse(`${utc?.replace(' ', 'T')}Z`))
  })

  test('the list of observations shows all its columns on a laptop, and times to the millisecond in the zone of the reader', async () => {
    await page.setViewportSize({ width: 1_280, height: 800 })
    await visitor.open(`/scans/${scan.id}/observations`)
    const hidden = await page.locator('.wide').evaluate((table) => table.scrollWidth - table.clientWidth)
    expect(hidden).toBe(0)
    const time = page.locator('.wide time').first()
    const { at, text, title } = await time.evaluate((one: HTMLTimeElement) => ({
      ...{ at: one.dateTime, text: one.textContent ?? '', title: one.title },
    }))
    const [, day, clock] = /^(\S+) (\S+\.\d{3}) GMT\+9$/.exec(text) ?? []
    expect(Date.parse(`${day}T${clock}+09:00`)).toBe(Date.parse(at))
    expect(title).toBe(`${at.slice(0, -1).replace('T', ' ')} UTC`)
  })

  test('the times of what just happened have UTC on pointing at them', async () => {
    const again = await assertiveScan(stack.worker.api, scan.targetId)
    await visitor.open(`/scans/${again.id}`)
    const time = page.locator('#feed time').first()
    await time.waitFor(WAIT)
    const { at, title } = await time.evaluate((one: HTMLTimeElement) => ({ at: one.dateTime, title: one.title }))
    expect(title).toBe(`${at.slice(0, 19).replace('T', ' ')} UTC`)
  })

  test('the browser had nothing to complain of', () => {
    expect(visitor.complaints).toEqual([])
  })
})

/** The pane that this opens, once it shows something. */
async function opened(opener: Locator): Promise<Locator> {
  if (!page.url().includes('/scans/')) await visitor.open(`/scans/${scan.id}`)
  await opener.click()
  const pane = page.getByRole('dialog', { name: 'Scan output' })
  await pane.locator('.line.marked').waitFor(WAIT)
  return pane
}

const placeOf = async (one: Locator) => {
  const place = await one.boundingBox()
  if (!place) throw new Error(`${one} cannot be seen`)
  return place
}

async function isSeenIn(one: Locator, box: Locator): Promise<boolean> {
  const [inner, outer] = [await placeOf(one), await placeOf(box)]
  return inner.y >= outer.y - 1 && inner.y + inner.height <= outer.y + outer.height + 1
}

/** The number of the line that has the focus; 0 when none has it. */
const lineWithFocus = (): Promise<number> =>
  page.evaluate(() => Number(document.activeElement?.closest('.pane .line')?.id.slice(1) ?? 0))

/** What is said of the focused line beside its number. */
const heard = (): Promise<string> =>
  page.evaluate(() => {
    const id = document.activeElement?.getAttribute('aria-describedby')
    return (id && document.getElementById(id)?.textContent) || ''
  })

/** From stop to stop, of which there are few, until a line has the focus. */
async function tabToLine(): Promise<number> {
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press('Tab')
    const line = await lineWithFocus()
    if (line > 0) return line
  }
  throw new Error('the keyboard never got to a line')
}
