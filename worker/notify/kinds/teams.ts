/** Microsoft Teams through a Workflow's webhook: an Adaptive Card 1.5 in a message. adaptivecards.io/explorer */
import { type Card, fitted, SIGN } from '../card.ts'
import type { Section, Tone } from '../cards/body.ts'
import { type Channel, JSON_TYPE, RETRY_AFTER } from '../channel.ts'
import { bytes, inert } from '../plain.ts'
import type { Line } from '../spans.ts'

/** 28 KB are documented, failures were measured from 21 KB on (elementary-data/elementary#2160). */
const MAX_BYTES = 20_000

/** Runs of text take no Markdown, so that nothing in them can become a link. */
const run = (text: string, more: object = {}) => ({ type: 'TextRun', text: inert(text), ...more })
const rich = (inlines: object[], more: object = {}) => ({ type: 'RichTextBlock', inlines, ...more })
const runs = (line: Line, more: object = {}): object[] =>
  line.map((span) => {
    if (typeof span === 'string') return run(span, more)
    return 'code' in span
      ? { type: 'TextRun', text: span.code, fontType: 'Monospace', ...more }
      : run(span.bold, { weight: 'Bolder', ...more })
  })

const STYLE: Record<Tone, string> = {
  critical: 'attention',
  error: 'attention',
  warning: 'warning',
  info: 'accent',
  good: 'good',
}

const cardOf = (card: Card) => ({
  $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
  type: 'AdaptiveCard',
  version: '1.5',
  fallbackText: `${card.kicker}: ${card.title}`,
  msteams: { width: 'Full' },
  body: [
    {
      type: 'Container',
      style: STYLE[card.tone],
      bleed: true,
      items: [
        rich([run(`${SIGN[card.tone]} ${card.kicker}`, { size: 'Small', weight: 'Bolder' })]),
        rich([run(card.title, { size: 'Large', weight: 'Bolder' })], { spacing: 'Small' }),
      ],
    },
    ...(card.text === '' ? [] : [rich([run(card.text)])]),
    ...card.facts.map(factRow),
    ...card.sections.map(sectionOf),
  ],
  actions: card.links.map(({ label, url }) => ({ type: 'Action.OpenUrl', title: label, url })),
})

const factRow = ({ name, value }: Card['facts'][number], i: number) => ({
  type: 'ColumnSet',
  spacing: i === 0 ? 'Medium' : 'Small',
  columns: [
    { type: 'Column', width: '110px', items: [rich([run(name, { weight: 'Bolder', isSubtle: true })])] },
    { type: 'Column', width: 'stretch', items: [rich(runs(value))] },
  ],
})

const sectionOf = ({ heading, lines, isNumbered, more }: Section) => ({
  type: 'Container',
  separator: true,
  spacing: 'Medium',
  items: [
    rich([run(heading, { weight: 'Bolder' })]),
    ...lines.map((line, i) => (isNumbered ? step(line, i) : rich(runs(line), { spacing: 'Small' }))),
    ...(more === null ? [] : [rich([run(more, { isSubtle: true })], { spacing: 'Small' })]),
  ],
})

const step = (line: Line, i: number) => ({
  type: 'ColumnSet',
  spacing: 'Small',
  columns: [
    { type: 'Column', width: '24px', items: [rich([run(`${i + 1}.`, { isSubtle: true })])] },
    { type: 'Column', width: 'stretch', items: [rich(runs(line))] },
  ],
})

export const teams: Channel = {
  form: {
    url: 'the URL of the Workflow “Post to a channel when a webhook request is received”',
    secret: null,
    example: 'https://prod-00.westeurope.logic.azure.com:443/workflows/…/triggers/manual/paths/invoke?…&sig=…',
  },
  hosts: ['.logic.azure.com', '.logic.azure.us', '.api.powerplatform.com', '.api.powerplatform.us'],
  query: { needs: ['sig'], takes: ['api-version', 'sp', 'sv'] },
  secret: null,
  rate: {
    perSecond: 4,
    burst: 4,
    source: 'learn.microsoft.com, add-incoming-webhook: more than four a second are throttled',
  },
  answer: {
    success: {
      statuses: [200, 202],
      // learn.microsoft.com, add-incoming-webhook: a failure behind the door is told in the body of a 200
      unless: /returned HTTP error (\d{3})/,
    },
    retryAfter: [RETRY_AFTER],
    gone: [
      { status: 410 },
      { status: 404, says: /WorkflowNotFound|WorkflowTriggerNotFound/ },
      { status: 401, says: /DirectApiAuthorizationRequired|SasKey|AuthenticationFailed/ },
    ],
    reason: { json: 'error.message' },
  },
  follow: { how: 'new_message', remember: null, forgotten: null },
  render: (message, { url }) => ({
    method: 'POST',
    url,
    headers: JSON_TYPE,
    body: fitted(
      message,
      (card) =>
        JSON.stringify({
          type: 'message',
          attachments: [
            { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content: cardOf(card) },
          ],
        }),
      (body) => bytes(body) <= MAX_BYTES,
    ),
  }),
}
