/** A real browser that visits the portal, and remembers all that it had to complain of. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

export const BROWSER = process.env.PORTWITNESS_CHROMIUM ?? '/usr/bin/chromium'
const QUIET = [
  ...['--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update'],
  ...['--disable-sync', '--disable-dev-shm-usage'],
]
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/** px: a phone, a tablet, a laptop, a wide desk */
export const WIDTHS = [360, 768, 1280, 2560] as const

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: BROWSER,
    args: [...QUIET, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
  })

/** One reader of the portal, with cookies and a clipboard of their own. */
export interface Visitor {
  page: Page
  context: BrowserContext
  /** breaches of the policy, errors of scripts, dialogs, requests that left for elsewhere; `page: what` each */
  complaints: string[]
  open(path: string): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visitor> {
  const context = await browser.newContext(options)
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: url })
  const complaints: string[] = []
  const complain = (what: string) => complaints.push(`${here()}: ${what}`)
  const here = () => page.url().replace(url, '')
  const page = await context.newPage()
  context.on('weberror', (error) => complain(`script: ${error.error()}`))
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complain(`console: ${message.text().slice(0, 300)}`)
  })
  context.on('dialog', (dialog) => {
    complain(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  context.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`)) complain(`request: ${request.url().slice(0, 200)}`)
  })
  // Set before any script of a page runs, and not subject to its policy.
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (breach) => {
      console.error(`policy: ${breach.violatedDirective} refused ${breach.blockedURI}`)
    })
  })
  return {
    page,
    context,
    complaints,
    open: async (path) => void (await page.goto(url + path)),
    [Symbol.asyncDispose]: () => context.close(),
  }
}

/** Signs in as one does from `npm start`: by a link that works once. */
export async function signInOnce(
  visitor: Visitor,
  worker: { api: { send<T>(method: 'POST', path: string, body: unknown): Promise<T> } },
): Promise<void> {
  const { url } = await worker.api.send<{ url: string }>('POST', '/api/v1/sessions/once', {})
  await visitor.page.goto(url)
}

/** Reads a page without showing it, as this visitor. */
export async function read({ context }: Visitor, address: string): Promise<{ type: string; text: string }> {
  const answer = await context.request.get(address, { headers: { accept: 'text/html' } })
  return { type: answer.headers()['content-type'] ?? '', text: await answer.text() }
}

export interface Fault {
  rule: string
  says: string
  /** where, by selector */
  at: string[]
}

interface Axe {
  run(
    root: Document,
    options: object,
  ): Promise<{ violations: { id: string; help: string; nodes: { target: unknown[]; failureSummary?: string }[] }[] }>
}

/** What axe-core finds on the page as it stands: all its rules (WCAG 2.0 to 2.2, best practices), or these alone. */
export async function axeFaults(page: Page, rules?: readonly string[]): Promise<Fault[]> {
  // As text over the debugger's own door: the policy of the page lets no such script in.
  await page.evaluate(axeText())
  return page.evaluate(async (only) => {
    const { axe } = window as unknown as { axe: Axe }
    const { violations } = await axe.run(document, {
      resultTypes: ['violations'],
      ...(only ? { runOnly: { type: 'rule', values: only } } : {}),
    })
    return violations.map(({ id, help, nodes }) => ({
      rule: id,
      says: `${help} ${nodes[0]?.failureSummary?.slice(0, 200) ?? ''}`,
      at: nodes.slice(0, 5).map(({ target }) => target.join(' ')),
    }))
  }, rules)
}

let axe: string | null = null
const axeText = (): string => {
  axe ??= readFileSync(AXE, 'utf8')
  return axe
}
