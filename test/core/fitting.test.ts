import { expect, test } from 'vitest'
import type { Cause } from '../../schema/judgement.ts'
import { MECHANISM_CLASS, MECHANISMS, type Mechanism } from '../../schema/words.ts'
import { fittingFormats } from '../../worker/allowlist/fitting.ts'
import { FORMATS } from '../../worker/core/remedies/remedy.ts'
import { remediationOf } from '../../worker/core/remedy.ts'

const cause = (
  mechanism: Mechanism,
  confidence: number,
  others: [Mechanism, number][] = [],
  vendor: string | null = null,
): Cause => ({
  class: MECHANISM_CLASS[mechanism],
  mechanism,
  vendor,
  confidence,
  alternatives: others.map(([one, sure]) => ({ class: MECHANISM_CLASS[one], mechanism: one, confidence: sure })),
  indistinguishable: [],
  askOwner: null,
})
const port = (one: Cause) => ({ cause: one, remediation: remediationOf(one) })

test('the likeliest cause comes first, then what else it may be, each format once', () => {
  const formats = fittingFormats([port(cause('fail2ban', 0.86, [['source_ban', 0.09]]))])
  expect(formats[0]).toBe('fail2ban')
  expect(formats).toContain('nftables')
  expect(new Set(formats).size).toBe(formats.length)
})

test('a cause of many ports outweighs one of a single port', () => {
  const ports = [port(cause('postscreen', 0.7)), ...[1, 2, 3].map(() => port(cause('sshguard', 0.6)))]
  expect(fittingFormats(ports).slice(0, 2)).toEqual(['sshguard', 'postscreen'])
})

test('the same defence in other words follows right after it', () => {
  expect(fittingFormats([port(cause('crowdsec', 0.9))])).toEqual(['crowdsec', 'crowdsec-allowlist'])
  const cloudflare = fittingFormats([port(cause('cdn_waf', 0.9, [], 'Cloudflare'))])
  expect(cloudflare).toEqual(['cloudflare', 'cloudflare-dashboard', 'cloudflare-api'])
})

test('what no allowlist cures gets none; what a judgement from before it named is asked again', () => {
  expect(fittingFormats([port(cause('service_stopped', 0.9)), { cause: null, remediation: null }])).toEqual([])
  expect(fittingFormats([{ cause: cause('proxy_reject', 0.9), remediation: null }])).toEqual(['haproxy'])
  const old = { title: '', steps: [], formats: ['a-format-that-was', 'nginx'] }
  expect(fittingFormats([{ cause: cause('http_rate_limit', 0.9), remediation: old }])).toEqual(['nginx', 'nginx-allow'])
})

test('for every mechanism it names formats that there are', () => {
  for (const mechanism of MECHANISMS)
    for (const format of fittingFormats([port(cause(mechanism, 0.5))])) expect(FORMATS).toContain(format)
})
