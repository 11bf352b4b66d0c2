/** Pages that renew themselves: nothing is taken from the reader's hands, and a page that is not renewed any more says so. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { IssueAnswer, ScanAnswer } from '../../schema/api.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { axeFaults, openBrowser, signInOnce, type Visitor, visit } from './support/browser.ts'
import { assertiveScan, ended } from './support/filled.ts'
import { describeInBrowser } from './support/stories.ts'

/** a loaded machine takes its time */
const WAIT = { timeout: 60_000 }

let stack: Stack
let browser: Browser
let visitor: Visitor
let page: Page
let targetId: string
let scan: ScanAnswer

describeInBrowser('pages that renew themselves', () => {
  beforeAll(async () => {
    stack = await startStack()
    const { api } = stack.worker
    const host = await stack.demoHost('127.0.0.71', '--web-only')
    const target = await api.send<{ id: string }>('POST', '/api/v1/targets', {
      ...{ address: host.address, name: 'Shop front', ports: host.window, maxConnectsPerSecond: 2_000 },
    })
    targetId = target.id
    scan = await assertiveScan(api, targetId)
    browser = await openBrowser()
    visitor = await visit(browser, stack.worker.url)
    page = visitor.page
    await signInOnce(visitor, stack.worker)
  })
  afterAll(async () => {
    await browser?.close()
    await stack?.[Symbol.asyncDispose]()
  })

  test('what is typed into the filter of a list stays while its rows are renewed', async () => {
    await visitor.open('/scans')
    await page.getByLabel('Verdict').selectOption('clear')
    await page.getByLabel('Target or address').fill('half a wor')
    await renewed('#live-list')
    await page.keyboard.type('d')
    expect(await page.getByLabel('Target or address').inputValue()).toBe('half a word')
    expect(await page.getByLabel('Verdict').inputValue()).toBe('clear')
  })

  test('the focus stays on the link it was on, though others lead to the same place, and on what is no link', async () => {
    await page.clock.install()
    await visitor.open(`/targets/${targetId}`)
    const row = `#state ul.rows a[href="/scans/${scan.id}"]`
    for (const focused of [row, '#state section[tabindex]']) {
      await ended(stack.worker.api, scan.id)
      await visitor.open(`/targets/${targetId}`)
      expect(await page.locator(`#state a[href="/scans/${scan.id}"]`).count()).toBeGreaterThan(1)
      await page.locator(focused).last().focus()
      const before = await whereIsFocus(page)
      await page.evaluate(
        (selector) => document.querySelector(selector)?.setAttribute('data-old', ''),
        '#state > section',
      )
      await page.clock.fastForward(61_000)
      await page.locator('#state > section[data-old]').waitFor({ state: 'detached', ...WAIT })
      expect(await whereIsFocus(page)).toBe(before)
    }
  })

  test('the page of an issue follows its retest, and keeps open and written what was', async () => {
    const { api } = stack.worker
    const issues = await api.get<{ items: IssueAnswer[] }>('/api/v1/issues')
    const id = issues.items[0]?.id
    const retest = await api.send<ScanAnswer>('POST', `/api/v1/issues/${id}/retest`, {})
    await visitor.open(`/issues/${id}`)
    await page.getByText('A retest is under way').waitFor(WAIT)
    await page.getByText('Snooze it…').click()
    await page.getByLabel('Note').fill('Until the firewall is changed')
    await page.getByText('Snooze it…').focus()
    await api.send('POST', `/api/v1/scans/${retest.id}/cancel`, {})
    await ended(api, retest.id)
    await onwards(() => page.getByText('A retest is under way').count(), 0)
    expect(await page.getByLabel('Note').inputValue()).toBe('Until the firewall is changed')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Snooze it…')
    expect(await page.locator('#snooze').evaluate((one) => (one as HTMLDetailsElement).open)).toBe(true)
  })

  test('the fleet and a probe are renewed by script, around what is typed', async () => {
    const { api } = stack.worker
    const { items } = await api.get<{ items: { id: string; sourceAddress: string }[] }>('/api/v1/probes')
    const probe = items[0]
    await visitor.open('/fleet')
    await page.getByLabel('Site, address, provider or country').fill('fra')
    await api.send('PATCH', `/api/v1/probes/${probe?.id}`, { drained: true })
    await onwards(() => page.locator('table').getByText('drained').count(), 1)
    expect(await page.getByLabel('Site, address, provider or country').inputValue()).toBe('fra')
    await visitor.open(`/fleet/${probe?.id}`)
    await page.getByText('Quarantine…').click()
    await page.getByText('Quarantine…').focus()
    await api.send('PATCH', `/api/v1/probes/${probe?.id}`, { drained: false })
    await onwards(() => page.getByRole('button', { name: 'Give it work again' }).count(), 0)
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Quarantine…')
    expect(await page.getByRole('button', { name: 'Quarantine it' }).isVisible()).toBe(true)
  })

  test.each(['/', '/fleet', 'scan', 'scans'])('%s says when its session has ended, or nobody answers', async (path) => {
    const { api } = stack.worker
    const isLive = path.startsWith('scan')
    const running = isLive ? await assertiveScan(api, targetId) : null
    await visitor.open(path === 'scan' ? `/scans/${running?.id}` : path === 'scans' ? '/scans' : path)
    const notice = page.getByRole('status').filter({ hasText: /Not renewed since \d\d:\d\d/ })
    const cookies = await visitor.context.cookies()
    expect(await notice.count()).toBe(0)

    await visitor.context.clearCookies()
    await onwards(() => notice.count(), 1)
    expect(await notice.textContent()).toMatch(/^Not renewed since \d\d:\d\d\. Sign in again$/)
    expect(await axeFaults(page)).toEqual([])
    const link = notice.getByRole('link', { name: 'Sign in again' })
    expect(new URL((await link.getAttribute('href')) ?? '', page.url()).href).toBe(page.url())
    await visitor.context.addCookies(cookies)
    await onwards(() => notice.count(), 0)

    await visitor.context.setOffline(true)
    await onwards(() => notice.count(), 1)
    expect(await notice.textContent()).toMatch(/^Not renewed since \d\d:\d\d: no answer$/)
    await visitor.context.setOffline(false)
    await onwards(() => notice.count(), 0)
    if (running) {
      await api.send('POST', `/api/v1/scans/${running.id}/cancel`, {})
      await ended(api, running.id)
    }
  })
})

/** Waits until what is in this part is not what it was. */
async function renewed(part: string): Promise<void> {
  await page.evaluate((selector) => document.querySelector(`${selector} > *`)?.setAttribute('data-old', ''), part)
  await page.locator(`${part} > [data-old]`).waitFor({ state: 'detached', ...WAIT })
}

/** Moves the clock of the page on, until it is so. */
const onwards = async (what: () => Promise<number>, wanted: number): Promise<void> => {
  await expect
    .poll(
      async () => {
        await page.clock.runFor(20_000)
        return what()
      },
      { ...WAIT, interval: 300 },
    )
    .toBe(wanted)
}

/** The path to what has the focus, by places among siblings. */
const whereIsFocus = (shown: Page): Promise<string> =>
  shown.evaluate(() => {
    const steps: string[] = []
    for (let one = document.activeElement; one; one = one.parentElement)
      steps.unshift(`${one.tagName}${[...(one.parentElement?.children ?? [])].indexOf(one)}`)
    return steps.join('/')
  })
