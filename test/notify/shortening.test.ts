import { describe, expect, test } from 'vitest'
import { CHANNEL_KINDS } from '../../schema/words.ts'
import { render } from '../../worker/notify/channels.ts'
import { clipped } from '../../worker/notify/plain.ts'
import { plainOf, shortened, spansOf } from '../../worker/notify/spans.ts'
import { PLATFORMS } from '../support/receivers/platforms.ts'
import { lostPort, messageOf, opened, SCAN, WAF } from './samples.ts'

const many = (n: number) => Array.from({ length: n }, (_, i) => lostPort(i + 1, 'http', WAF))
const target = { ...SCAN.target, name: 'shop.example.com' }
const told = (kind: (typeof CHANNEL_KINDS)[number], event: ReturnType<typeof opened>): string => {
  const { path, secrets } = PLATFORMS[kind]()
  const { body } = render(kind, messageOf(event), { url: `http://r${path}`, secrets })
  return kind === 'zulip' ? (new URLSearchParams(body).get('content') ?? '') : body.replaceAll('\\\\', '')
}

describe('long content is shortened by meaning', () => {
  test('twelve thousand lost ports are one message that counts them all', () => {
    const event = opened(many(12_000), { ...SCAN, target })
    expect(JSON.stringify(event).length).toBeLessThan(40_000)
    for (const kind of CHANNEL_KINDS) {
      const text = told(kind, event)
      if (kind === 'webhook') expect(JSON.parse(text).data.portsTotal).toBe(12_000)
      else expect(text, kind).toMatch(/Ports 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 11988 more/)
    }
  })

  test('ports with the same fate for the same cause share a line, and the most come first', () => {
    const event = opened([
      lostPort(22, 'ssh', null, { verdict: 'service_down', strength: null }),
      ...many(3).map((one) => ({ ...one, port: one.port + 79 })),
    ])
    if (event.type !== 'issue.opened') throw new Error(event.type)
    expect(event.data.losses.map(({ ports, verdict }) => [ports, verdict])).toEqual([
      [[80, 81, 82], 'interfered'],
      [[22], 'service_down'],
    ])
    expect(event.data.remedies).toHaveLength(1)
  })

  test('the lowest confidence of a loss is the one that is told', () => {
    const event = opened([80, 443].map((port, i) => lostPort(port, 'http', { ...WAF, confidence: 0.9 - i / 10 })))
    expect(event.type === 'issue.opened' && event.data.losses[0]?.cause?.confidence).toBeCloseTo(0.8)
  })

  test('a command is whole or it is left out, never a part of one', () => {
    const step = spansOf('Then run `fail2ban-client unban 198.51.100.7` and `fail2ban-client reload`, and look again.')
    for (let max = 1; max < 100; max++) {
      const kept = shortened(step, max)
      for (const span of kept) if (typeof span === 'object' && 'code' in span) expect(step).toContainEqual(span)
      expect(plainOf(kept).length).toBeLessThanOrEqual(max + 1)
      if (plainOf(kept) !== plainOf(step)) expect(plainOf(kept)).toMatch(/…$/)
    }
  })

  test('a text is cut between characters, and never inside an escape', () => {
    const escaped = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;')
    for (const text of ['😀'.repeat(50), '&<'.repeat(50), 'a&'.repeat(50), 'é́'.repeat(50), '\uD83D'.repeat(50)])
      for (let max = 0; max < 60; max++) {
        const cut = clipped(text, max, escaped)
        expect(cut.length).toBeLessThanOrEqual(max)
        expect(cut).not.toMatch(/\p{Cs}/u)
        expect(cut).not.toMatch(/&(?!amp;|lt;)/)
        if (cut !== '' && text !== '\uD83D'.repeat(50)) expect(cut.at(-1)).toBe('…')
      }
  })
})
