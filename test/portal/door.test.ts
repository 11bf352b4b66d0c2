import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../demo/loopback.ts'
import { type RunningWorker, startWorker } from '../../demo/stack.ts'

const ROOT = join(import.meta.dirname, '../..')
const BROWSER = process.env.PORTWITNESS_CHROMIUM ?? '/usr/bin/chromium'
const QUIET = [
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const ARGS = [...QUIET, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])]

let data: string
let worker: RunningWorker
let browser: BrowserContext
/** what the browser complained of: a breach of the policy shows here */
const complaints: string[] = []

describe.skipIf(!existsSync(BROWSER))('the portal in a real browser', () => {
  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'portwitness-portal-'))
    const { port } = await freePort('127.0.0.1', 23_000 + (process.pid % 40) * 25)
    worker = await startWorker(ROOT, join(data, 'worker'), port)
    await worker.api.send('POST', '/api/v1/targets', { address: '127.0.0.77', name: '<b>Demo</b>', ports: '22,80' })
    browser = await chromium.launchPersistentContext(join(data, 'browser'), {
      executablePath: BROWSER,
      args: ARGS,
    })
    browser.on('console', (message) => complaints.push(message.text()))
    browser.on('weberror', (error) => complaints.push(String(error.error())))
  })
  afterAll(async () => {
    await browser?.close()
    await worker?.child.stop()
    await rm(data, { recursive: true, force: true })
  })

  test('a stranger is asked for a key, and a wrong one is refused in words', async () => {
    const page = await open('/targets')
    expect(page.url()).toBe(`${worker.url}/signin?next=%2Ftargets`)
    await signIn(page, 'pw_wrong')
    expect(await page.getByRole('alert').textContent()).toBe('This key is unknown, revoked or expired.')
  })

  test('the key of the first start opens it, with a cookie that no script can read', async () => {
    const page = await open('/signin')
    await signIn(page, worker.key)
    expect(page.url()).toBe(`${worker.url}/`)
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Overview')
    const [cookie] = await browser.cookies()
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax' })
    expect(await page.evaluate('document.cookie')).toBe('')
  })

  test('what a user named stays text', async () => {
    const page = await open('/targets')
    await page.getByRole('link', { name: '<b>Demo</b>' }).click()
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('<b>Demo</b>')
  })

  test('what leads nowhere is a page too, light or dark, and does not scroll sideways', async () => {
    const page = await open('/')
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      for (const width of [360, 2560]) {
        await page.setViewportSize({ width, height: 900 })
        for (const path of ['/scans/scn_none', '/proofs/prf_none', '/nosuch']) {
          await page.goto(worker.url + path)
          const over = await page.evaluate(
            'document.documentElement.scrollWidth - document.documentElement.clientWidth',
          )
          expect([path, colorScheme, over]).toEqual([path, colorScheme, 0])
        }
      }
      const back = await page.evaluate('getComputedStyle(document.body).backgroundColor')
      expect(back).toBe(colorScheme === 'light' ? 'rgb(245, 246, 248)' : 'rgb(15, 18, 24)')
    }
  })

  describe('the page of our addresses', () => {
    beforeAll(async () => {
      const add = (cidr: string) =>
        worker.api.send('POST', '/api/v1/ranges', { cidr, site: 'fra-1', country: 'DE', skipNotice: true })
      for (const cidr of ['9.9.9.0/24', '2a01:4f8:1:2:3:4:5:0/112', '10.9.0.0/16']) await add(cidr)
    })

    test('copies a range, and all of them, where script runs', async () => {
      await browser.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: worker.url })
      const page = await open('/ranges')
      const copied = () => page.evaluate('navigator.clipboard.readText()')
      await page.getByRole('button', { name: 'Copy 9.9.9.0/24' }).click()
      expect(await copied()).toBe('9.9.9.0/24')
      expect(await page.locator('#told').textContent()).toBe('Copied to the clipboard.')
      await page.getByRole('button', { name: 'Copy all ranges' }).first().click()
      await expect.poll(copied).toBe('9.9.9.0/24\n2a01:4f8:1:2:3:4:5:0/112\n')
    })

    test('answers for one address by a plain form', async () => {
      const page = await open('/ranges')
      await page.getByLabel('An address from your logs').fill('9.9.9.77')
      await page.getByRole('button', { name: 'Check' }).click()
      expect(await page.locator('.answer').textContent()).toBe('Yes: 9.9.9.77 lies in 9.9.9.0/24, which is ours.')
      await page.getByLabel('An address from your logs').fill('<b>x</b>')
      await page.getByRole('button', { name: 'Check' }).click()
      expect(await page.locator('.answer').textContent()).toContain('This is not one IP address')
      expect(await page.locator('main b').count()).toBe(0)
    })

    test('shows no button that would do nothing without script, and still gives all', async () => {
      const html = await (await fetch(`${worker.url}/ranges`)).text()
      expect(html.match(/<button[^>]*data-copy[^>]*>/g)?.every((tag) => tag.includes('hidden'))).toBe(true)
      expect(html).toContain('9.9.9.0/24\n2a01:4f8:1:2:3:4:5:0/112\n</pre>')
    })
  })

  test.each([true, false])(
    'a wrong field is mended where it stands, by the keyboard alone (script: %s)',
    async (script) => {
      const other = await chromium.launch({ executablePath: BROWSER, args: ARGS })
      const own = await other.newContext({ javaScriptEnabled: script })
      own.on('console', (message) => complaints.push(message.text()))
      own.on('weberror', (error) => complaints.push(String(error.error())))
      try {
        await own.addCookies(await browser.cookies())
        const page = await own.newPage()
        await page.goto(`${worker.url}/keys?sort=-name`)
        const name = page.getByLabel('Name', { exact: true })
        await name.fill(`<b>${script}</b>`)
        await page.getByLabel('Scope', { exact: true }).last().selectOption('write')
        await page.getByLabel('Last day').fill('2020-01-01')
        await name.press('Enter')
        await page.waitForURL(`${worker.url}/api/v1/keys`)
        expect(await page.title()).toBe('Not accepted: Keys · Portwitness')
        const wrong = page.getByRole('link', { name: 'Last day' })
        await expect.poll(() => page.locator(':focus').getAttribute('role')).toBe('alert')
        await page.keyboard.press('Tab')
        expect(await page.locator(':focus').textContent()).toBe('Last day')
        await wrong.press('Enter')
        await page.waitForURL(/#expiresAt$/)
        expect(await page.locator(':focus').getAttribute('id')).toBe('expiresAt')
        const day = page.getByLabel('Last day')
        expect(await day.getAttribute('aria-invalid')).toBe('true')
        expect([await name.inputValue(), await day.inputValue()]).toEqual([`<b>${script}</b>`, '2020-01-01'])
        expect(await page.locator('main b').count()).toBe(0)
        await day.fill('')
        await day.press('Enter')
        expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(`Key <b>${script}</b>`)
      } finally {
        await other.close()
      }
    },
  )

  test('a one-time link signs in, once; signing out ends it', async () => {
    const page = await open('/')
    await page.getByRole('button', { name: 'Sign out' }).click()
    expect(page.url()).toBe(`${worker.url}/signin`)
    expect(await browser.cookies()).toEqual([])
    const { url } = await worker.api.send<{ url: string }>('POST', '/api/v1/sessions/once', {})
    await page.goto(url)
    expect(page.url()).toBe(`${worker.url}/`)
    await page.goto(url)
    expect(await page.getByRole('alert').textContent()).toBe('This link was used before, or is too old.')
  })

  test('the browser had nothing to complain of but the refusals', () => {
    expect(complaints.filter((text) => !/status of (?:40[14]|422)/.test(text))).toEqual([])
  })
})

async function open(path: string): Promise<Page> {
  const page = browser.pages()[0] ?? (await browser.newPage())
  await page.goto(worker.url + path)
  return page
}

async function signIn(page: Page, key: string): Promise<void> {
  await page.getByLabel('API key').fill(key)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForLoadState()
}
