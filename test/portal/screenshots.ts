/**
 * `npm run docs:screenshots`: pictures of the running product for the README and docs/, from a real scan by real probes of a
 * host whose guard shuts the scanner out. Each must stay below 300 KB.
 */
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { FLEET, probesReady } from '../../demo/stack.ts'
import { openBrowser, signInOnce, visit } from './support/browser.ts'
import { filledStack } from './support/filled.ts'

const FOLDER = join(import.meta.dirname, '../../docs/screenshots')
const MOST_BYTES = 300_000
const SIZE = { width: 1280, height: 900 }
/** On a busy machine probes take themselves for unfit now and then. */
const FIT_MS = 120_000

const { stack, scan } = await filledStack('127.0.0.66')
const browser = await openBrowser()
try {
  await mkdir(FOLDER, { recursive: true })
  const visitor = await visit(browser, stack.worker.url, {
    viewport: SIZE,
    colorScheme: 'light',
    reducedMotion: 'reduce',
  })
  const { page } = visitor
  await signInOnce(visitor, stack.worker)
  const issue = scan.ports.find(({ issueId }) => issueId !== null)?.issueId
  await probesReady(stack.worker.api, FLEET.length, FIT_MS)
  await visitor.open('/')
  await take(page, 'overview')
  await page.emulateMedia({ colorScheme: 'dark' })
  await probesReady(stack.worker.api, FLEET.length, FIT_MS)
  await visitor.open('/')
  await take(page, 'overview-dark')
  await page.emulateMedia({ colorScheme: 'light' })
  await visitor.open(`/scans/${scan.id}`)
  await page.setViewportSize({ ...SIZE, height: 1_200 })
  await take(page, 'scan')
  await page.setViewportSize(SIZE)
  await page.getByRole('link', { name: 'See scan output' }).first().click()
  await page.getByRole('dialog').getByRole('button', { name: 'Open Port Re-check' }).click()
  await take(page, 'output')
  await visitor.open(`/issues/${issue}`)
  await page.setViewportSize({ ...SIZE, height: 1_200 })
  await take(page, 'issue')
  await visitor.open(`/issues/${issue}/report`)
  await take(page, 'report')
  await page.setViewportSize(SIZE)
  await visitor.open('/ranges')
  await take(page, 'ranges')
} finally {
  await browser.close()
  await stack[Symbol.asyncDispose]()
}

async function take(page: Page, name: string): Promise<void> {
  const path = join(FOLDER, `${name}.png`)
  await page.screenshot({ path })
  const { size } = await stat(path)
  console.log(`${path}  ${Math.round(size / 1_024)} KB`)
  if (size > MOST_BYTES)
    throw new Error(`${name} is too large for the repository: ${size} bytes, at most ${MOST_BYTES}`)
}
process.exit(0)
