import { describe, expect, test } from 'vitest'
import type { Cause, Remediation, StepKind } from '../../schema/judgement.ts'
import { CAUSE_CLASSES, type CauseClass, MECHANISM_CLASS, MECHANISMS, type Mechanism } from '../../schema/words.ts'
import { FORMATS, type Situation } from '../../worker/core/remedies/remedy.ts'
import { NETWORKS } from '../../worker/core/remedies/waf.ts'
import { remediationOf } from '../../worker/core/remedy.ts'
import { signsIn } from '../../worker/core/waf.ts'
import { T0 } from '../support/facts.ts'

const IPV4: Situation = {
  source: '198.51.100.7',
  target: '192.0.2.9',
  port: 443,
  service: 'https',
  lostAt: T0,
  highestCleanRate: null,
}
/** As long as addresses get. */
const IPV6: Situation = {
  ...IPV4,
  source: '2001:db8:1111:2222:3333:4444:5555:6666',
  target: '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff',
  port: 65535,
}

const cause = (of: CauseClass, mechanism: Mechanism | null, vendor: string | null = null): Cause => ({
  class: of,
  mechanism,
  vendor,
  confidence: 1,
  alternatives: [],
  indistinguishable: [],
  askOwner: null,
})
const causes: Cause[] = [
  ...CAUSE_CLASSES.filter((one) => one !== 'phantom').map((one) => cause(one, null)),
  ...MECHANISMS.map((mechanism) => cause(MECHANISM_CLASS[mechanism], mechanism)),
  ...Object.keys(NETWORKS).map((vendor) => cause('waf', 'cdn_waf', vendor)),
]
const nameOf = ({ class: of, mechanism, vendor }: Cause) => [of, mechanism, vendor].filter(Boolean).join(' / ')
const cases = causes.map((one) => [nameOf(one), one] as const)

const remedy = (one: Cause, situation: Situation = IPV4): Remediation => {
  const found = remediationOf(one, situation)
  if (!found) throw new Error(`${nameOf(one)} has no remedy`)
  return found
}
const stepsOf = ({ steps, kinds = [] }: Remediation, kind: StepKind) => steps.filter((_, i) => kinds[i] === kind)
const textOf = (one: Remediation) => [one.title, ...one.steps].join('\n')

/** Nothing on the target is changed for these: nothing is to be undone. */
const NOTHING_TO_UNDO: readonly CauseClass[] = [
  'service_change',
  'path',
  'load_balancer',
  'dns_change',
  'phantom',
  'probe_fault',
]
/** Somebody keeps the scanner, and only the scanner, out: an allowlist cures it, and a proof shows that. */
const BLOCKED: readonly CauseClass[] = [
  'ips',
  'waf',
  'ddos_protection',
  'mail_protection',
  'firewall_policy',
  'hosting_provider',
  'unexplained',
]

describe.each(cases)('the remedy for %s', (_, one) => {
  const { class: of, mechanism } = one

  test('says what happened, how to see it, what to change, how to undo it and how to show that it worked', () => {
    const found = remedy(one)
    expect(found.kinds).toHaveLength(found.steps.length)
    expect(stepsOf(found, 'happened')).toHaveLength(1)
    // One sentence: no full stop with a blank behind it.
    expect(stepsOf(found, 'happened')[0]).toMatch(/^((?!\. ).)+\.$/)
    expect(stepsOf(found, 'confirm')).toHaveLength(1)
    expect(stepsOf(found, 'change').length).toBeGreaterThan(0)
    expect(stepsOf(found, 'then')).toHaveLength(1)
    expect(found.kinds?.at(-1)).toBe('then')
    const undo = stepsOf(found, 'undo').length
    if (!NOTHING_TO_UNDO.includes(of) && mechanism !== 'link_saturated') expect(undo).toBe(1)
    expect(undo).toBeLessThanOrEqual(1)
  })

  test('has nothing left to fill in, for either address family', () => {
    for (const situation of [IPV4, IPV6]) {
      const text = textOf(remedy(one, situation))
      expect(text).not.toMatch(/undefined|\bnull\b(?![- ]route)|NaN|\[object|\$\{|\{(source|target|port|time|cidr)\}/)
      expect(text).not.toMatch(/SCANNER|TARGET|\bPORT\b/)
      const other = situation === IPV4 ? /2001:db8|ip6tables|\bip6\b/ : /198\.51\.100\.7|[^6]\/32 (permit|1;)/
      expect(text).not.toMatch(other)
    }
  })

  test('names only export formats that are planned, each once, and some for whatever shuts the scanner out', () => {
    const { formats } = remedy(one)
    expect(formats.filter((format) => !(FORMATS as readonly string[]).includes(format))).toEqual([])
    expect(new Set(formats).size).toBe(formats.length)
    if (BLOCKED.includes(of)) expect(formats.length).toBeGreaterThan(0)
    if (of === 'overload') expect(formats).toEqual([])
  })

  test('shows the scanner’s address to whoever has to find it in a log or a list', () => {
    if (BLOCKED.includes(of))
      for (const situation of [IPV4, IPV6]) expect(textOf(remedy(one, situation))).toContain(situation.source)
  })

  test('asks for a proof where an allowlist cures it, and for another scan elsewhere', () => {
    expect(stepsOf(remedy(one), 'then')[0]).toMatch(BLOCKED.includes(of) ? /proof/ : /^Then scan again/)
  })

  test('is short enough to be stored with every port and shown in a terminal', () => {
    for (const situation of [IPV4, IPV6]) {
      const found = remedy(one, situation)
      // The addresses of IPv6 are longer, and they stand in it up to ten times.
      const bound = situation === IPV4 ? 1_600 : 1_800
      expect(new TextEncoder().encode(JSON.stringify(found)).length).toBeLessThan(bound)
      for (const step of found.steps) {
        expect(step.length).toBeLessThanOrEqual(400)
        // Commands stand between back quotes, in pairs; a line end would break the raw output.
        expect(step.split('`').length % 2).toBe(1)
        expect(step).not.toMatch(/\n|\s{2}|^\s|\s$/)
      }
    }
  })
})

describe('remedies', () => {
  test('are there for every mechanism, and none is that of another', () => {
    const titles = MECHANISMS.map((mechanism) => textOf(remedy(cause(MECHANISM_CLASS[mechanism], mechanism))))
    expect(new Set(titles).size).toBe(MECHANISMS.length)
  })

  test('write a rule in the family of the address', () => {
    const limit = cause('ddos_protection', 'connection_rate_limit')
    expect(textOf(remedy(limit))).toContain(
      '`nft insert rule inet filter input ip saddr 198.51.100.7 tcp dport 443 accept`',
    )
    expect(textOf(remedy(limit))).toContain('`iptables -I INPUT -s 198.51.100.7 ')
    expect(textOf(remedy(limit, IPV6))).toContain(`input ip6 saddr ${IPV6.source} tcp dport 65535 accept`)
    expect(textOf(remedy(limit, IPV6))).toContain(`ip6tables -I INPUT -s ${IPV6.source} `)
    const wrappers = cause('ips', 'tcp_wrappers')
    expect(textOf(remedy(wrappers, { ...IPV6, service: 'ssh' }))).toContain(`\`sshd: [${IPV6.source}]\``)
    const postscreen = cause('mail_protection', 'postscreen')
    expect(textOf(remedy(postscreen))).toContain('`198.51.100.7/32 permit`')
    expect(textOf(remedy(postscreen, IPV6))).toContain(`\`${IPV6.source}/128 permit\``)
    const smtp = cause('mail_protection', 'smtp_limit')
    expect(textOf(remedy(smtp, IPV6))).toContain(`= $mynetworks, [${IPV6.source}]`)
    const list = cause('firewall_policy', 'acl_change')
    expect(textOf(remedy(list))).toContain('--protocol tcp --port 443 --cidr 198.51.100.7/32')
    expect(textOf(remedy(list, IPV6))).toContain(`Ipv6Ranges=[{CidrIpv6=${IPV6.source}/128}]`)
  })

  test.each(['http_rate_limit', 'proxy_reject', 'connection_rate_limit', 'worker_limit', 'smtp_limit'] as const)(
    'for %s name the highest rate that ended clear, and claim none when none is known',
    (mechanism) => {
      const one = cause(MECHANISM_CLASS[mechanism], mechanism)
      expect(textOf(remedy(one, { ...IPV4, highestCleanRate: 40 }))).toContain('at 40 connects per second')
      expect(textOf(remedy(one))).toMatch(/halve the target’s `maxConnectsPerSecond`/)
      expect(textOf(remedy(one))).not.toMatch(/at \d+ connects/)
    },
  )

  test('of Cloudflare ask for both switches and say what no rule can skip', () => {
    const found = remedy(cause('waf', 'cdn_waf', 'Cloudflare'))
    const [first, second] = stepsOf(found, 'change')
    expect(first).toMatch(/IP Access Rules.*`198\.51\.100\.7`, Allow/)
    expect(second).toMatch(/Custom rules.*`\(ip\.src in \{198\.51\.100\.7\}\)`.*Skip/)
    expect(stepsOf(found, 'limit')[0]).toMatch(/No rule can skip Bot Fight Mode/)
    expect(found.formats).toEqual(['cloudflare'])
  })

  test('of a hosting provider bring a letter, filled in', () => {
    for (const mechanism of ['null_route', 'provider_block', null] as const) {
      const found = remedy(cause('hosting_provider', mechanism), IPV6)
      const letter = stepsOf(found, 'letter').join(' ')
      expect(letter).toContain(IPV6.source)
      expect(letter).toContain(IPV6.target)
      expect(letter).toContain('port 65535 on 2026-01-05 at 14:00:00Z')
      expect(letter).toMatch(/written consent/)
      expect(stepsOf(found, 'limit')[0]).toMatch(/forbid scans/)
    }
  })

  test('know every maker of block pages that the signs know, and help with one they do not', () => {
    const answers = [
      'Server: cloudflare',
      'Server: AkamaiGHost',
      'Set-Cookie: incap_ses_1=x',
      'Server: BigIP',
      'Server: Sucuri',
      'X-Amz-Cf-Id: x',
      'X-Served-By: cache-fra-1',
      'Set-Cookie: wfvt_1=x',
      'X-Azure-Ref: x',
      'Server: mod_security',
    ]
    const vendors = answers.map((line) => signsIn(`HTTP/1.1 403 Forbidden\r\n${line}\r\n\r\n`)[0]?.vendor)
    expect(vendors.toSorted()).toEqual(Object.keys(NETWORKS).toSorted())
    expect(textOf(remedy(cause('waf', 'cdn_waf', 'Acme Shield')))).toContain('Acme Shield')
    expect(textOf(remedy(cause('waf', 'cdn_waf')))).toContain('The content network')
  })

  test('say how sure they are', () => {
    const one = cause('waf', 'modsecurity')
    expect(remedy({ ...one, confidence: 0.64 }).steps[0]).toMatch(/^Most likely: ModSecurity/)
    expect(remedy({ ...one, confidence: 0.95 }).steps[0]).toMatch(/^ModSecurity/)
  })

  test('say nothing when there is no cause, and leave blanks in capitals when nothing is known of the endpoint', () => {
    expect(remediationOf(null, IPV4)).toBeNull()
    expect(textOf(remediationOf(cause('ips', 'fail2ban')) as Remediation)).toContain('`fail2ban-client banned SCANNER`')
  })
})
