import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { AnyEvent } from '../../schema/events.ts'
import type { PortVerdict } from '../../schema/judgement.ts'
import { CHANNEL_KINDS } from '../../schema/words.ts'
import { said } from '../../worker/core/notices/said.ts'
import { scanNotice } from '../../worker/core/notices/scan.ts'
import { isAtLeast, severityOf } from '../../worker/core/notices/severity.ts'
import { render } from '../../worker/notify/channels.ts'
import { PLATFORMS } from '../support/receivers/platforms.ts'
import { hostile } from './hostile.ts'
import { judgementOf, lostPort, messageOf, NOW, opened, SCAN, WAF } from './samples.ts'

const scanOf = (text: string) => ({
  ...SCAN,
  scanner: { sourceAddress: text, site: text },
  target: { id: SCAN.target.id, name: text, address: text, tags: Array.from({ length: 40 }, () => text) },
})

/** A port of which everything that is text is the given one. */
const spoiled = (port: number, text: string): PortVerdict => {
  const cause = { ...WAF, vendor: text, askOwner: text }
  return {
    ...lostPort(port, 'http', cause),
    address: text,
    evidence: Array.from({ length: 9 }, () => ({ rule: 'SEL-1', supports: true, text, observations: [text] })),
    remediation: {
      title: text,
      steps: Array.from({ length: 30 }, () => text),
      formats: Array.from({ length: 30 }, () => 'csv'),
    },
  }
}

describe('what is composed', () => {
  test('is within its schema, whatever a target says, at any length', () => {
    fc.assert(
      fc.property(hostile(10_000), fc.integer({ min: 1, max: 80 }), (text, n) => {
        const lost = Array.from({ length: n }, (_, i) => spoiled(i + 1, `${text}${i % 12}`))
        for (const event of [opened(lost, scanOf(text)), scanNotice(scanOf(text), judgementOf(lost), [], NOW)]) {
          expect(v.safeParse(AnyEvent, event).issues?.[0]).toBeUndefined()
          expect(JSON.stringify(event).length).toBeLessThan(120_000)
        }
      }),
      { numRuns: 60, seed: 20_261_128 },
    )
  }, 120_000)

  test('a title of 10 kB is told everywhere, and says that it goes on', () => {
    for (const text of ['a'.repeat(10_000), '字'.repeat(10_000), '👍🏽'.repeat(5_000), '<&>'.repeat(3_000)]) {
      const event = opened([lostPort(22, 'ssh', WAF)], scanOf(text))
      for (const kind of CHANNEL_KINDS) {
        const platform = PLATFORMS[kind]()
        const { url, method, headers, body } = render(kind, messageOf(event), {
          url: `http://r${platform.path}`,
          secrets: platform.secrets,
        })
        expect(decodeURIComponent(kind === 'zulip' ? body : encodeURIComponent(body))).toContain('…')
        if (kind === 'webhook') continue
        const reply = platform.take({ method, url: new URL(url), headers, body: Buffer.from(body) })
        expect(reply.status, `${kind} ${reply.body}`).toBeLessThan(300)
      }
    }
  })

  test('a text is bounded as schemas count, and never ends in half a character', () => {
    for (const text of ['😀'.repeat(300), 'a'.repeat(300), `${'a'.repeat(99)}😀😀`, '\uD83D'.repeat(300)])
      for (const max of [1, 2, 3, 50, 99, 100, 101]) {
        expect(said(text, max).length).toBeLessThanOrEqual(max)
        expect(said(text, max)).not.toMatch(/\p{Cs}/u)
      }
    expect(said('short', 100)).toBe('short')
  })
})

describe('how grave it is', () => {
  const whole = { share: 1 }
  const likely = lostPort(80, 'http', WAF, { strength: 'likely' })

  test('follows what was proved, what was not tested, and whom it hurt', () => {
    expect(severityOf([], whole)).toBe('info')
    expect(severityOf([], { share: 0.9 })).toBe('warning')
    expect(severityOf([], { share: 0.4 })).toBe('error')
    expect(severityOf([likely], whole)).toBe('warning')
    expect(severityOf([likely, lostPort(443, 'https', WAF)], whole)).toBe('error')
    const crashed = { ...WAF, class: 'overload', mechanism: 'crashed_by_scan', vendor: null } as const
    expect(severityOf([lostPort(80, 'http', crashed, { verdict: 'service_down', strength: null })], whole)).toBe(
      'critical',
    )
  })

  test('can be asked for as a floor', () => {
    expect(isAtLeast('critical', 'warning')).toBe(true)
    expect(isAtLeast('warning', 'warning')).toBe(true)
    expect(isAtLeast('info', 'warning')).toBe(false)
  })
})
