/** Ports that fall together have one cause. */
import { describe, expect, test } from 'vitest'
import { shareFeatures } from '../../worker/core/together.ts'
import { ADDRESS, block, HTTP, HTTPS, isScanner, SSH, tell } from '../support/facts.ts'

const SMTP = { port: 25, service: 'smtp', check: 'greeting' } as const
const cause = (port: { cause: { class: string; mechanism: string | null } | null }) =>
  port.cause && `${port.cause.class}/${port.cause.mechanism}`

test('a mail port that falls silent beside a web port was not shut for its mail', () => {
  const told = tell({
    ports: [SSH, SMTP, HTTP, { port: 3306, service: 'mysql', check: 'greeting' }],
    sees: block(isScanner, 'unresponsive', 8_000, undefined, [25, 80]),
  })
  expect(cause(told.port(25))).toBe(cause(told.port(80)))
  expect(told.port(25).cause?.class).toBe('ips')
})

test('a mail port that falls silent alone may well have been', () => {
  const told = tell({
    ports: [SSH, SMTP, HTTP, HTTPS],
    sees: block(isScanner, 'unresponsive', 8_000, undefined, [25]),
  })
  const { cause: found } = told.port(25)
  expect([found?.class, ...(found?.alternatives ?? []).map((one) => one.class)]).toContain('mail_protection')
})

describe('what is shared', () => {
  const seen = (value: string) => ({ value, rule: 'MODE-1' as const, text: value, looks: [value] })
  const port = (lostAt: number, mode: string, onset: string, more = {}) => ({
    address: ADDRESS,
    lostAt,
    features: { mode: seen(mode), who: seen('scanner'), onset: seen(onset), ...more },
  })

  test('a port that was never reached fell in the scan, when another was lost in it', () => {
    const [first, second] = shareFeatures([port(0, 'silent', 'during'), port(9_000, 'silent', 'before')])
    expect([first?.onset?.value, second?.onset?.value]).toEqual(['during', 'during'])
  })

  test('not between ports that fail otherwise, at another time, or on another address', () => {
    const alone = port(0, 'silent', 'during')
    for (const other of [
      port(0, 'refused', 'before'),
      port(60_000, 'silent', 'before'),
      { ...port(0, 'silent', 'before'), address: '192.0.2.10' },
    ])
      expect(shareFeatures([alone, other])[1]?.onset?.value).toBe('before')
  })

  test('an unknown service beside web ports leaves them web', () => {
    const [, second] = shareFeatures([
      port(0, 'cut', 'during', { service: seen('other') }),
      port(1_000, 'cut', 'during', { service: seen('web') }),
    ])
    expect(second?.service?.value).toBe('web')
  })
})
