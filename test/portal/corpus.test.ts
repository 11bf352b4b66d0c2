/** Whatever hosts, probes and people put into it, the portal shows as text: nothing runs, nothing leaves, nothing breaks. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ScanAnswer } from '../../schema/api.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { openBrowser, read, signInOnce, type Visitor, visit } from './support/browser.ts'
import { CORPUS } from './support/corpus.ts'
import { pagesOf } from './support/crawl.ts'
import { assertiveScan, ended } from './support/filled.ts'
import { type HostileHost, openHostileHost } from './support/hostile-host.ts'
import { layoutFaults } from './support/layout.ts'
import { lyingScan } from './support/liar.ts'
import { describeInBrowser } from './support/stories.ts'

const HOST = '127.0.0.63'
const TEXTS = Object.entries(CORPUS)

let stack: Stack
let host: HostileHost
let browser: Browser
let visitor: Visitor
let pages: string[]
let scan: ScanAnswer
/** how often a text was taken into a field, and what was answered where not */
const taken = new Map<string, number>()
const answers = new Set<number>()

describeInBrowser('hostile text', () => {
  beforeAll(async () => {
    stack = await startStack('--allow-local-receivers')
    host = await openHostileHost(HOST)
    const { api } = stack.worker
    const target = await api.send<{ id: string }>('POST', '/api/v1/targets', {
      ...{ address: HOST, name: CORPUS.handler, ports: host.window, maxConnectsPerSecond: 2_000 },
    })
    const { id } = await assertiveScan(api, target.id)
    await nameEverything()
    const lied = await lyingScan(stack, (await targetWith('127.0.0.68')).id, '127.0.0.68')
    scan = await ended(api, id)
    await snoozeWithNotes()
    browser = await openBrowser()
    visitor = await visit(browser, stack.worker.url)
    await signInOnce(visitor, stack.worker)
    const first = [`/scans/${scan.id}`, `/scans/${lied}`]
    pages = await pagesOf((path) => read(visitor, stack.worker.url + path), first, 4)
  }, 240_000)
  afterAll(async () => {
    await browser?.close()
    host?.close()
    await stack?.[Symbol.asyncDispose]()
  })

  test('it is taken or refused in words, and never an accident', () => {
    expect([...answers].filter((status) => ![200, 201, 202, 422].includes(status))).toEqual([])
    for (const field of ['targets name', 'keys name', 'opt-outs note'])
      expect(taken.get(field), field).toBeGreaterThan(15)
    expect(scan.verdict).toBe('interference')
  })

  test('it is shown as text on every page: no script runs, nothing leaves, nothing is hidden in it', async () => {
    const { page } = visitor
    const faults: string[] = []
    for (const path of pages) {
      await visitor.open(path)
      await page.evaluate(() => {
        for (const details of document.querySelectorAll('details')) details.open = true
      })
      faults.push(...(await page.evaluate(poison)).map((fault) => `${path}: ${fault}`))
    }
    expect(faults).toEqual([])
    expect(visitor.complaints.filter((text) => !/status of 40[14]/.test(text))).toEqual([])
  })

  test.each([360, 1280])('it breaks no layout at %i pixels', async (width) => {
    const { page } = visitor
    const faults: string[] = []
    await page.setViewportSize({ width, height: 900 })
    for (const path of pages) {
      await visitor.open(path)
      faults.push(...(await layoutFaults(page)).map((fault) => `${path}: ${fault}`))
    }
    expect(faults).toEqual([])
  })

  test('files of every list carry it as data: no formula in a sheet, one record a line', async () => {
    const { url } = stack.worker
    const files = new Set<string>()
    for (const path of pages) {
      const { text } = await read(visitor, url + path)
      for (const [, href = ''] of text.matchAll(/href="([^"]*[?&;]format=(?:csv|jsonl)[^"]*)"/g))
        files.add(href.replaceAll('&amp;', '&'))
    }
    for (const file of files) {
      const answer = await visitor.context.request.get(url + file)
      const {
        'content-type': type = '',
        'x-content-type-options': sniff,
        'content-disposition': how,
      } = answer.headers()
      expect([file, answer.status(), sniff, how?.split(';', 1)[0]]).toEqual([file, 200, 'nosniff', 'attachment'])
      const text = await answer.text()
      if (type.startsWith('text/csv')) expect(formulasIn(text), file).toEqual([])
      else for (const line of text.split('\n').filter(Boolean)) expect(() => JSON.parse(line), file).not.toThrow()
    }
  })

  test('raw output and other texts are shown as text alone, whoever opens them', async () => {
    const { page } = visitor
    const { items } = await stack.worker.api.get<{ items: { id: string }[] }>('/api/v1/scans')
    for (const { id } of items)
      for (const path of [`/scans/${id}/output`, `/api/v1/scans/${id}/output`, `/api/v1/scans/${id}/observations`]) {
        const answer = await visitor.context.request.get(stack.worker.url + path)
        if (answer.status() !== 200) continue
        expect(answer.headers()['content-type']).toMatch(/^(text\/plain|application\/(x-)?(ndjson|jsonl))/)
        expect(answer.headers()['x-content-type-options']).toBe('nosniff')
        await page.goto(stack.worker.url + path).catch((error: Error) => {
          // What is sent as a file is saved, not shown.
          if (!/Download is starting/.test(error.message)) throw error
        })
        expect(await page.evaluate('window.__hit')).toBeUndefined()
      }
    expect(visitor.complaints.filter((text) => !/status of 40[14]/.test(text))).toEqual([])
  })
})

/** Runs in the page: what should not be there. */
function poison(): string[] {
  const faults: string[] = []
  if ('__hit' in window) faults.push('a script of the corpus ran')
  if (document.querySelector('iframe, plaintext, base, object, embed, [onerror], [onload], [onfocus], [onmouseover]'))
    faults.push('an element of the corpus is on the page')
  for (const one of document.querySelectorAll('[href], [src], [action], [formaction], [srcset]'))
    for (const name of ['href', 'src', 'action', 'formaction', 'xlink:href']) {
      const value = one.getAttribute(name)
      if (value !== null && !/^(\/(?!\/)|#|\?|$)/.test(value) && !value.startsWith(`${location.origin}/`))
        if (!/^(https?:\/\/(www\.)?(portwitness|github|rfc-editor|developers\.cloudflare)|mailto:)/.test(value))
          faults.push(`leads away: ${name}=${value.slice(0, 80)}`)
    }
  for (const script of document.querySelectorAll('script'))
    if (!script.src && script.type !== 'application/json') faults.push('a script stands in the page')
  if (document.querySelector('main style, main meta, main link')) faults.push('a style of the corpus is on the page')
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.textContent ?? ''
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are looked for
    const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/.exec(text)
    if (control) faults.push(`a control character U+${control[0].charCodeAt(0).toString(16)} in "${text.slice(0, 60)}"`)
    const parent = node.parentElement
    if (/[\u202a-\u202e\u2066-\u2069\u200e\u200f]/.test(text) && parent && !parent.closest('bdi, textarea, input'))
      faults.push(`text that turns the reading direction, not kept apart: "${parent.tagName} ${text.slice(0, 60)}"`)
  }
  return [...new Set(faults)]
}

/** Cells that a sheet would take for a formula. */
function formulasIn(csv: string): string[] {
  const cells = csv.replaceAll('\r\n', '\n').match(/(?<=^|,|\n)(?:"(?:[^"]|"")*"|[^",\n]*)/g) ?? []
  return cells.map((cell) => cell.replace(/^"|"$/g, '')).filter((cell) => /^[=+@\t\r]|^-(?![\d.]+$)/.test(cell))
}

const targetWith = (address: string) =>
  stack.worker.api.send<{ id: string }>('POST', '/api/v1/targets', { address, ports: '2000-2039' })

/** Each text in each field that people fill in. */
async function nameEverything(): Promise<void> {
  for (const [i, [, text]] of TEXTS.entries()) {
    await put('targets name', 'POST', 'targets', { address: `127.1.0.${i}`, name: text.slice(0, 200), ports: '22' })
    await put('targets tag', 'POST', 'targets', { address: `127.1.1.${i}`, tags: [text.slice(0, 60)], ports: '22' })
    await put('keys name', 'POST', 'keys', { name: text.slice(0, 100), scope: 'read' })
    await put('channels name', 'POST', 'channels', {
      kind: 'webhook',
      name: text.slice(0, 60),
      url: `http://127.0.0.1:9/${i}`,
    })
    await put('opt-outs note', 'POST', 'opt-outs', { cidr: `198.51.100.${i}/32`, note: text.slice(0, 500) })
    await put('tenants name', 'POST', 'tenants', { name: text.slice(0, 100) })
    const range = { cidr: `9.9.${i}.0/24`, site: 'fra-1', provider: text.slice(0, 100), skipNotice: true }
    await put('ranges provider', 'POST', 'ranges', range)
  }
}

/** Notes of a snooze may have any text: the last one stays. */
async function snoozeWithNotes(): Promise<void> {
  const until = new Date(Date.now() + 86_400_000).toISOString()
  const { items } = await stack.worker.api.get<{ items: { id: string }[] }>('/api/v1/issues')
  const note = Object.values(CORPUS).join(' ').slice(0, 1_000)
  for (const { id } of items)
    await put('snooze note', 'POST', `issues/${id}/snooze`, { until, reason: 'mitigated', note })
}

async function put(field: string, method: string, path: string, body: object): Promise<void> {
  const { status } = await fetch(`${stack.worker.url}/api/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${stack.worker.key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  answers.add(status)
  if (status < 300) taken.set(field, (taken.get(field) ?? 0) + 1)
}
