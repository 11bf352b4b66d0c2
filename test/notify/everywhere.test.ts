import fc from 'fast-check'
import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AnyEvent } from '../../schema/events.ts'
import { CHANNEL_KINDS, type ChannelKind } from '../../schema/words.ts'
import type { Message } from '../../worker/notify/channel.ts'
import { CHANNELS, render } from '../../worker/notify/channels.ts'
import { openReceiver, type Receiver } from '../support/receivers/receiver.ts'
import { dangersIn } from './dangers.ts'
import { deliver } from './deliver.ts'
import { EVIL, events } from './hostile.ts'
import { BASE, messageOf, SAMPLES } from './samples.ts'

const receivers = new Map<ChannelKind, Receiver>()
beforeAll(async () => {
  for (const kind of CHANNEL_KINDS) receivers.set(kind, await openReceiver(kind))
})
afterAll(async () => {
  for (const receiver of receivers.values()) await receiver[Symbol.asyncDispose]()
})
const receiverOf = (kind: ChannelKind) => receivers.get(kind) as Receiver

/** Everything a receiver could hold against it, and everything that hostile text could do there. */
async function faultsOf(kind: ChannelKind, message: Message): Promise<string[]> {
  const receiver = receiverOf(kind)
  const request = render(kind, message, receiver.destination)
  const answer = await deliver(message.id, request, receiver.destination.secrets)
  receiver.taken.length = 0
  receiver.refused.length = 0
  if (answer.status >= 300)
    return [`${kind}: ${answer.status} ${answer.body.slice(0, 300)} ${answer.headers['x-why'] ?? ''}`]
  return dangersIn(kind, request, BASE).map((danger) => `${kind}: ${danger}`)
}

describe('whatever happens, in whatever script', () => {
  test('the events that are made up here are events', () => {
    fc.assert(
      fc.property(events, (event) => v.is(AnyEvent, event)),
      { numRuns: 200, seed: 1 },
    )
  })

  test('a thousand of them are taken by every platform, and mention, link and format nothing of their own', {
    timeout: 300_000,
  }, async () => {
    let n = 0
    await fc.assert(
      fc.asyncProperty(events, async (event) => {
        n += 1
        const message: Message = { id: `ntc_${String(n).padStart(20, '0')}`, event, base: BASE, isTest: n % 50 === 0 }
        const faults = await Promise.all(CHANNEL_KINDS.map((kind) => faultsOf(kind, message)))
        expect(faults.flat()).toEqual([])
      }),
      { numRuns: 1_000, seed: 20_261_128, endOnFailure: true },
    )
  })

  test('what is looked for is found: unescaped text would be seen', () => {
    const attack = `@here https://${EVIL} <!channel> [x](https://${EVIL}) <a href="https://${EVIL}">x</a>`
    const raw: Record<ChannelKind, string> = {
      slack: JSON.stringify({ text: 'x', blocks: [{ type: 'section', text: { type: 'mrkdwn', text: attack } }] }),
      teams: JSON.stringify({ attachments: [{ content: { body: [{ type: 'TextBlock', text: attack }] } }] }),
      discord: JSON.stringify({ embeds: [{ title: 'x', description: attack, fields: [], footer: { text: '' } }] }),
      google_chat: JSON.stringify({
        cardsV2: [{ card: { sections: [{ widgets: [{ textParagraph: { text: attack } }] }] } }],
      }),
      mattermost: JSON.stringify({ attachments: [{ title: 'x', text: attack, fallback: '' }] }),
      rocket_chat: JSON.stringify({ attachments: [{ title: 'x', text: attack }] }),
      telegram: JSON.stringify({ text: `<a href="https://${EVIL}">x</a> @here` }),
      zulip: new URLSearchParams({ content: attack, topic: 'x' }).toString(),
      matrix: JSON.stringify({ body: 'x', formatted_body: `<a href="https://${EVIL}">x</a>` }),
      pagerduty: JSON.stringify({ links: [{ href: `https://${EVIL}` }] }),
      webhook: JSON.stringify({ data: { links: { issue: `https://${EVIL}` } } }),
    }
    for (const kind of CHANNEL_KINDS)
      expect(dangersIn(kind, { method: 'POST', url: '', headers: {}, body: raw[kind] }, BASE), kind).not.toEqual([])
  })
})

describe('every kind of event', () => {
  test('is made as its schema has it', () => {
    for (const event of Object.values(SAMPLES)) expect(v.safeParse(AnyEvent, event).issues, event.type).toBeUndefined()
  })

  for (const kind of CHANNEL_KINDS)
    test(`reaches ${kind}, whole`, async () => {
      for (const event of Object.values(SAMPLES)) {
        expect(await faultsOf(kind, messageOf(event))).toEqual([])
        // What was lost, what to do and where to look are there.
        const { body } = CHANNELS[kind].render(messageOf(event), receiverOf(kind).destination, null)
        if (event.type === 'issue.opened') {
          const text = decodeURIComponent(
            body
              .replaceAll('+', ' ')
              .replaceAll('\\\\', '')
              .replace(/%(?![0-9A-F]{2})/g, '%25'),
          )
          for (const word of [
            'shop.example.com',
            'fail2ban',
            '/issues/iss_',
            '/output',
            '/ip-ranges/fail2ban',
            'ignoreip',
          ])
            expect(text, `${kind}: ${word}`).toContain(word)
        }
      }
    })

  for (const kind of CHANNEL_KINDS)
    test(`looks at ${kind} as it did when it was last looked at`, async () => {
      const to = {
        url: `https://receiver.example${new URL(receiverOf(kind).destination.url).pathname}${new URL(receiverOf(kind).destination.url).search}`,
        secrets: receiverOf(kind).destination.secrets,
      }
      const requests = (['issue.opened', 'issue.resolved', 'ip_ranges.changed'] as const).map((type) => {
        const { headers, body, ...rest } = render(
          kind,
          messageOf(SAMPLES[type]),
          to,
          type === 'issue.resolved' ? '42' : null,
        )
        const isForm = headers['content-type']?.includes('form')
        return { ...rest, headers, body: isForm ? Object.fromEntries(new URLSearchParams(body)) : JSON.parse(body) }
      })
      await expect(`${JSON.stringify(requests, null, 2)}\n`).toMatchFileSnapshot(`golden/${kind}.json`)
    })
})
