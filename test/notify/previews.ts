/**
 * `npm run docs:notifications`: what Slack, Teams and Discord make of our messages, as pages and pictures in
 * docs/notifications. Teams cards are drawn by the official Adaptive Cards renderer.
 */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import type { ChannelKind } from '../../schema/words.ts'
import { render } from '../../worker/notify/channels.ts'
import { discordPage, slackPage, TEAMS_HOST, teamsPage } from './previews/pages.ts'
import { messageOf, SAMPLES } from './samples.ts'

const FOLDER = join(import.meta.dirname, '../../docs/notifications')
const MAX_BYTES = 150_000
const CARDS = createRequire(import.meta.url).resolve('adaptivecards/dist/adaptivecards.min.js')

const SHOWN = { opened: 'issue.opened', resolved: 'issue.resolved' } as const
const KINDS = ['slack', 'teams', 'discord'] as const satisfies readonly ChannelKind[]
/** Where each would be sent. */
const URLS = {
  slack: 'https://hooks.slack.com/services/T/B/X',
  teams: 'https://prod-00.westeurope.logic.azure.com/workflows/x?sig=x',
  discord: 'https://discord.com/api/webhooks/1/x',
}

mkdirSync(FOLDER, { recursive: true })
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-lcd-text', '--font-render-hinting=none'],
})
const page = await browser.newPage({ viewport: { width: 720, height: 400 }, deviceScaleFactor: 1 })
for (const kind of KINDS)
  for (const [name, type] of Object.entries(SHOWN)) {
    const { body } = render(
      kind,
      messageOf(SAMPLES[type]),
      { url: URLS[kind], secrets: [] },
      name === 'resolved' ? '1' : null,
    )
    const html = await pageOf(page, kind, JSON.parse(body), name === 'resolved')
    const path = join(FOLDER, `${kind}-${name}`)
    writeFileSync(`${path}.html`, html)
    await page.setContent(html)
    await page.locator('main').screenshot({ path: `${path}.png` })
    const { size } = statSync(`${path}.png`)
    console.log(`${kind}-${name}.png ${Math.round(size / 1_000)} kB`)
    if (size > MAX_BYTES) process.exitCode = 1
  }
await browser.close()

async function pageOf(at: Page, kind: (typeof KINDS)[number], body: unknown, isEdited: boolean): Promise<string> {
  switch (kind) {
    case 'slack':
      return slackPage(body as Parameters<typeof slackPage>[0])
    case 'discord':
      return discordPage(body as Parameters<typeof discordPage>[0], isEdited)
    case 'teams':
      return teamsPage(await drawn(at, (body as { attachments: { content: unknown }[] }).attachments[0]?.content))
  }
}

/** The card as the renderer draws it, without its script. */
async function drawn(at: Page, card: unknown): Promise<string> {
  await at.setContent('<main></main>')
  await at.addScriptTag({ content: readFileSync(CARDS, 'utf8') })
  return at.evaluate(
    ([content, host]) => {
      const { AdaptiveCard, HostConfig } = (globalThis as unknown as { AdaptiveCards: Library }).AdaptiveCards
      const one = new AdaptiveCard()
      one.hostConfig = new HostConfig(host)
      one.parse(content)
      return one.render().outerHTML
    },
    [card, TEAMS_HOST] as const,
  )
}

interface Library {
  AdaptiveCard: new () => { hostConfig: unknown; parse(json: unknown): void; render(): { outerHTML: string } }
  HostConfig: new (json: unknown) => unknown
}
