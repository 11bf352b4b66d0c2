/**
 * From a link that signs in to an issue that is proved fixed, in a real browser, against real probes and a host with a guard.
 * The second half is played by keyboard alone.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Locator } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DemoHost } from '../../demo/stack.ts'
import type { ScanAnswer } from '../../schema/api.ts'
import { observationsOf, type Stack, startStack } from '../support/stack.ts'
import { openBrowser, signInOnce, type Visitor, visit } from './support/browser.ts'
import { ended } from './support/filled.ts'
import { type Observed, pictureFaults, picturesOn } from './support/lanes.ts'
import { describeInBrowser } from './support/stories.ts'

const HOST = '127.0.0.65'
/** real bans are verified over some forty seconds; a loaded machine takes its time */
const WAIT = { timeout: 150_000 }

let stack: Stack
let folder: string
let host: DemoHost & { window: string }
let browser: Browser
let visitor: Visitor
let scan: ScanAnswer

describeInBrowser('from the first scan to the proof', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'portwitness-story-'))
    stack = await startStack()
    // What counts connections is touched again ten minutes later at the soonest: a retest of it would wait.
    host = await stack.demoHost(HOST, '--web-only', '--allow', join(folder, 'allow.txt'))
    browser = await openBrowser()
    visitor = await visit(browser, stack.worker.url)
    await visitor.page.setViewportSize({ width: 1280, height: 900 })
  })
  afterAll(async () => {
    await browser?.close()
    await stack?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  test('a one-time link leads to an overview that says what to do first', async () => {
    const { page } = visitor
    await signInOnce(visitor, stack.worker)
    await expectHeading('Overview')
    await page
      .getByRole('link', { name: /add (a|your first|the first) target/i })
      .first()
      .click()
    await expectHeading('Add a target')
  })

  test('a wrong address is refused beside its field, and what was typed stays', async () => {
    const { page } = visitor
    await page.getByLabel('Address or name').fill('127.0.0.999')
    await page.getByLabel('What you call it').fill('Shop front')
    await page.getByRole('button', { name: 'Add the target' }).click()
    expect(await page.getByRole('alert').count()).toBeGreaterThan(0)
    expect(await page.getByLabel('Address or name').getAttribute('aria-invalid')).toBe('true')
    expect(await page.getByLabel('What you call it').inputValue()).toBe('Shop front')
  })

  test('a target is added by the form, and a scan of it started', async () => {
    const { page } = visitor
    await page.getByLabel('Address or name').fill(host.address)
    await page.getByLabel('Ports', { exact: true }).fill(host.window)
    await page.getByLabel('Profile').selectOption('assertive')
    await page.getByLabel('Scanned from').fill('fra-1')
    await page.getByRole('button', { name: 'Add the target' }).click()
    await expectHeading('Shop front')
    await page.getByRole('button', { name: /scan (it )?now/i }).click()
    await page.waitForURL(/\/scans\/scn_/)
  })

  test('the scan is watched live: its page moves by events, is never loaded again, and tells the interference', async () => {
    const { page } = visitor
    const loads: string[] = []
    page.on('framenavigated', (frame) => loads.push(frame.url()))
    await page.evaluate(() => Object.assign(window, { __first: true }))
    const feed = page.locator('#feed li')
    await feed.first().waitFor({ state: 'visible', ...WAIT })
    await page.locator('#feed').getByText(/Alarm/).waitFor(WAIT)
    await page
      .locator('#feed')
      .getByText(/interfered/)
      .first()
      .waitFor(WAIT)
    await page.getByRole('heading', { level: 1, name: /^Interference/ }).waitFor(WAIT)
    expect(await page.evaluate('window.__first')).toBe(true)
    expect(loads).toEqual([])
    const id = new URL(page.url()).pathname.split('/').at(-1) ?? ''
    scan = await ended(stack.worker.api, id)
    expect(scan.verdict).toBe('interference')
    // What came by events is what the server says when it is asked anew; ports are watched for their return all the while.
    const head = () => page.locator('#live-head').textContent()
    const live = await head()
    await page.reload()
    expect(await head()).toBe(live)
  })

  test('each lost port has its picture: a lane for each source, each mark what that source observed', async () => {
    const observed = await observationsOf<Observed>(stack.worker.api, scan.id)
    const pictures = await picturesOn(visitor.page)
    expect(pictures.map(({ port }) => port).sort()).toEqual(scan.ports.map(({ port }) => port).sort())
    for (const picture of pictures) {
      expect(picture.lanes).toEqual(
        expect.arrayContaining(['scanner', 'sibling', 'witness 1', 'witness 2', 'witness 3']),
      )
      expect(pictureFaults(picture, observed)).toEqual([])
      const sights = (lane: RegExp) => picture.ticks.filter((tick) => lane.test(tick.lane)).map(({ told }) => told)
      expect(sights(/^scanner/).some((told) => !told.startsWith('open'))).toBe(true)
      expect(sights(/^witness/).every((told) => /^(open|probe fault)/.test(told))).toBe(true)
    }
  })

  test('the raw output opens beside the page, at the re-check of the open ports', async () => {
    const { page } = visitor
    await page.getByRole('link', { name: 'See scan output' }).first().click()
    const pane = page.getByRole('dialog', { name: 'Scan output' })
    await pane.getByRole('button', { name: 'Open Port Re-check' }).click()
    const line = pane.locator('.line.marked')
    expect(await line.textContent()).toContain('Open Port Re-check')
    await expect.poll(() => inView(line)).toBe(true)
    const output = await stack.worker.api.text(`/api/v1/scans/${scan.id}/output`)
    for (const { port } of scan.ports)
      expect(output.slice(output.indexOf('Open Port Re-check'))).toContain(`${port}/tcp`)
    await page.keyboard.press('Escape')
    await pane.waitFor({ state: 'detached' })
    expect(await page.evaluate('document.activeElement.textContent')).toContain('See scan output')
  })

  test('by keyboard alone: along the marks of a picture, and to the issue', async () => {
    const { page } = visitor
    await page.reload()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.id')).toBe('content')
    await tabTo(page.locator('figure.picture path.tick[tabindex="0"]').first())
    const told = page.locator('figure.picture .told').first()
    const first = await told.textContent()
    await page.keyboard.press('ArrowRight')
    expect(await told.textContent()).not.toBe(first)
    await page.keyboard.press('ArrowDown')
    const lane = (text: string | null) => text?.split(':', 1)[0]
    const [picture] = await picturesOn(page)
    expect(picture?.lanes).toContain(lane(await told.textContent()))
    expect(lane(await told.textContent())).not.toBe(lane(first))
    await tabTo(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Issues/ }))
    await page.keyboard.press('Enter')
    await expectHeading('Issues')
    await tabTo(page.locator('main a[href^="/issues/iss_"]').first())
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/issues\/iss_/)
  })

  test('by keyboard alone: the allowlist is copied as the API gives it, put in place, and a retest asked for', async () => {
    const { page } = visitor
    const issue = new URL(page.url()).pathname
    await tabTo(page.locator('nav[aria-label="Formats"] a[href*="plain"]'))
    await page.keyboard.press('Enter')
    await page.waitForURL(/allow=plain/)
    await tabTo(page.locator('#allowlist button.copy'))
    await page.keyboard.press('Enter')
    const copied = () => page.evaluate(() => navigator.clipboard.readText())
    const wanted = await stack.worker.api.text(`/api/v1${issue}/allowlist/plain`)
    await expect.poll(copied).toBe(wanted)
    expect(wanted).toContain(scan.scanner?.sourceAddress)
    await writeFile(join(folder, 'allow.txt'), await copied())

    await tabTo(page.getByRole('button', { name: /retest/i }))
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/scans\/scn_/)
    await page.getByRole('heading', { level: 1, name: /^Clear/ }).waitFor(WAIT)
    await visitor.open(issue)
    expect(await page.locator('main').textContent()).toMatch(/closed/i)
    expect(await stack.worker.api.get(`/api/v1${issue}`)).toMatchObject({ state: 'closed' })
  })

  test('the browser had nothing to complain of', () => {
    expect(visitor.complaints.filter((text) => !/status of 422/.test(text))).toEqual([])
  })
})

const expectHeading = async (name: string) =>
  expect(await visitor.page.getByRole('heading', { level: 1 }).textContent()).toBe(name)

/** As one does who has no mouse: onwards until one is there. */
async function tabTo(wanted: Locator): Promise<void> {
  const { page } = visitor
  expect(await wanted.count()).toBeGreaterThan(0)
  for (let i = 0; i < 800; i++) {
    if (await wanted.first().evaluate((one) => one === document.activeElement)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`the keyboard never got to ${wanted}`)
}

const inView = (one: Locator) =>
  one.evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect()
    return top >= 0 && bottom <= innerHeight
  })
