/** Events that nobody would make on purpose: every text as hostile as it gets, every list as long as its shape allows. */
import fc from 'fast-check'
import { CHECKED_METHODS, CONTROL_PROBLEMS } from '../../schema/control.ts'
import type { AnyEvent } from '../../schema/events.ts'
import { MAX_LOSS_PORTS, MAX_LOSSES, MAX_PORTS, MAX_RANGES, MAX_REMEDIES, MAX_STEPS } from '../../schema/events.ts'
import { STEP_KINDS } from '../../schema/judgement.ts'
import {
  CAUSE_CLASSES,
  CHANNEL_KINDS,
  FAILURES,
  MECHANISMS,
  NOTICES,
  PROFILES,
  RANGE_STATES,
  RECHECKS,
  SCAN_VERDICTS,
  SERVICES,
  SEVERITIES,
  STRENGTHS,
  VERDICTS,
} from '../../schema/words.ts'
import { FORMATS } from '../../worker/core/remedies/remedy.ts'

export const EVIL = 'evil.example'
/** Each of them does something somewhere when it is not escaped. */
const ATTACKS = [
  '@here @channel @everyone @all @room @**all** @user:example.net',
  '<!channel> <!here> <!everyone|x> <@U012345> <#C012345> <!subteam^S1>',
  `<https://${EVIL}|click> [click](https://${EVIL}) <a href="https://${EVIL}">click</a>`,
  `https://${EVIL}/a www.${EVIL} http://${EVIL} javascript:alert(1) tg://user?id=1`,
  `![x](https://${EVIL}/x.png) [ref]: https://${EVIL} <img src=x onerror=alert(1)> <script>alert(1)</script>`,
  '**bold** __u__ ~~s~~ `code` ```block``` ||spoiler|| > quote\n# head\n- item\n1. one',
  '``` `` ` \\` \\\\ \\* &lt;b&gt; &amp; &#60; </b></code></a> <b> <code>',
  '<users/all> <at>all</at> {{DATE(2026-01-01,SHORT)}} $x $$\\frac$$ :fire: :) #general #**stream**',
  '\u202Ertl\u202C \u2066iso\u2069 \u200Bzero\u200D\uFEFF \u0000\u0007\u001b[31mred\u001b[0m \u2028line\u2029',
  '\uD800lone \uDC00 \uDBFF 👩‍👩‍👧‍👦🏳️‍🌈👍🏽🇩🇪 e\u0301\u0301\u0301 \u{E0041}\u{10FFFF}',
  'مرحبا שלום Привет 你好 こんにちは 안녕 नमस्ते สวัสดี ሰላም ᚠᛇᚻ 𒀀 Ελληνικά',
  'SSH-2.0-OpenSSH_9.2 <&"\'|*_~`>',
] as const

/** Any code points, halves of pairs among them. (`fc.string` takes seconds to make itself a map of all of them.) */
const anything = fc
  .array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength: 40 })
  .map((points) => String.fromCodePoint(...points))

/** At most `max` UTF-16 units, as shapes count; often exactly as many. */
export const hostile = (max: number, min = 0): fc.Arbitrary<string> =>
  fc
    .oneof(
      { weight: 3, arbitrary: fc.constantFrom(...ATTACKS) },
      { weight: 2, arbitrary: anything },
      {
        weight: 1,
        arbitrary: fc.tuple(fc.constantFrom(...ATTACKS), fc.constantFrom(...ATTACKS)).map((two) => two.join(' ')),
      },
      {
        weight: 2,
        arbitrary: fc
          .constantFrom('😀', '字', 'a', '&', '<', '`', '*', '@', '\uD83D', 'W', '"', '_', '\\')
          .map((c) => c.repeat(max)),
      },
    )
    .map((text) => text.slice(0, max).padEnd(min, '?'))

const when = fc.integer({ min: 1_600_000_000_000, max: 4_000_000_000_000 }).map((ms) => new Date(ms).toISOString())
const maybe = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(one, { nil: null, freq: 4 })
const pick = <T>(words: readonly T[]) => fc.constantFrom(...words)
/** Often as long as it may be: a few, over and over. */
const list = <T>(one: fc.Arbitrary<T>, max: number): fc.Arbitrary<T[]> =>
  fc
    .tuple(fc.array(one, { maxLength: Math.min(3, max) }), fc.boolean())
    .map(([few, isLong]) =>
      isLong && few.length > 0 ? Array.from({ length: max }, (_, i) => few[i % few.length] as T) : few,
    )
const id = (prefix: string) => fc.nat(1e9).map((n) => `${prefix}_${String(n).padStart(20, 'x')}`)
const many = fc.oneof(fc.nat(3), fc.nat(1e9))
const port = fc.integer({ min: 1, max: 65_535 })
const share = fc.double({ min: 0, max: 1, noNaN: true })

const target = fc.record({
  id: id('tgt'),
  name: maybe(hostile(200)),
  address: hostile(253),
  tags: list(hostile(60), 20),
})
const scan = fc.record({
  id: id('scn'),
  profile: pick(PROFILES),
  verdict: maybe(pick(SCAN_VERDICTS)),
  startedAt: maybe(when),
  scanner: maybe(fc.record({ sourceAddress: hostile(45), site: hostile(64) })),
})
const cause = fc.record({
  class: pick(CAUSE_CLASSES),
  mechanism: maybe(pick(MECHANISMS)),
  vendor: maybe(hostile(100)),
  confidence: share,
})
const lost = fc.record({
  ...{
    address: hostile(45),
    port,
    transport: fc.constant('tcp' as const),
    service: pick(SERVICES),
    verdict: pick(VERDICTS),
  },
  ...{ strength: maybe(pick(STRENGTHS)), lostAt: maybe(when), recheck: maybe(pick(RECHECKS)), cause: maybe(cause) },
  occurrenceId: maybe(id('occ')),
})
const loss = fc.record({
  ...{
    verdict: pick(VERDICTS),
    strength: maybe(pick(STRENGTHS)),
    cause: maybe(cause),
    addresses: list(hostile(45), 5),
  },
  ...{
    ports: list(port, MAX_LOSS_PORTS),
    portsTotal: many,
    evidence: list(hostile(400), 2),
    askOwner: maybe(hostile(400)),
  },
})
const remedy = fc.record({
  title: hostile(200),
  steps: list(fc.record({ kind: pick(STEP_KINDS), text: hostile(420) }), MAX_STEPS),
  ...{ stepsTotal: many, formats: list(pick(FORMATS), 12), ports: list(port, MAX_LOSS_PORTS), portsTotal: many },
})
const coverage = fc.record({
  share,
  statement: hostile(600),
  portsAsked: many,
  portsTested: many,
  untested: hostile(400),
})
const head = { severity: pick(SEVERITIES), title: hostile(400), text: hostile(800) }
const issue = fc.record({ id: id('iss'), finding: pick(['interference', 'incomplete'] as const), title: hostile(400) })
const losses = {
  ...{ losses: list(loss, MAX_LOSSES), lossesTotal: many, ports: list(lost, MAX_PORTS), portsTotal: many },
  ...{ remedies: list(remedy, MAX_REMEDIES), remediesTotal: many },
}
/** Paths of ours, and what must never become a link. */
const link = fc.oneof(
  { weight: 5, arbitrary: fc.nat(1e6).map((n) => `/issues/iss_${n}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      `//${EVIL}/x`,
      `https://${EVIL}/x`,
      '/a|b>c)d"e`f\\g',
      `/${'x'.repeat(1_990)}`,
      '/ip-ranges/<b>',
    ),
  },
)
const range = fc.record({
  ...{ cidr: hostile(49), site: hostile(64), country: maybe(hostile(2)), state: pick(RANGE_STATES) },
  ...{ activeFrom: maybe(when), retireAfter: maybe(when) },
})
const ranges = list(range, MAX_RANGES)
const trouble = fc.record({
  ...head,
  ...{ issue, target, scan, coverage: maybe(coverage), ...losses },
  links: fc.record({ issue: link, scan: link, output: maybe(link), allowlist: maybe(link) }),
})
const probe = fc.record({
  ...{
    id: id('prb'),
    site: hostile(64),
    sourceAddress: hostile(45),
    country: maybe(hostile(2)),
    provider: maybe(hostile(100)),
  },
})
const probeLinks = fc.record({ probes: link })

const DATA: Record<AnyEvent['type'], fc.Arbitrary<unknown>> = {
  'issue.opened': trouble,
  'issue.updated': fc.tuple(trouble, maybe(scan), maybe(fc.record({ id: id('prf') }))).map(([data, seen, proof]) => ({
    ...(data as object),
    scan: seen,
    proof,
  })),
  'issue.resolved': fc.record({
    ...{ ...head, issue, target, coverage: maybe(coverage) },
    proof: fc.record({ by: pick(['retest', 'proof'] as const), id: id('scn') }),
    links: fc.record({ issue: link, proof: link, output: maybe(link) }),
  }),
  'scan.finished': fc.record({
    ...{ ...head, target, scan, coverage: maybe(coverage), portsOpen: many, ...losses, issueIds: list(id('iss'), 5) },
    links: fc.record({ scan: link, output: maybe(link), allowlist: maybe(link) }),
  }),
  'scan.failed': fc.record({
    ...{ ...head, target, scan, failure: fc.record({ code: pick(FAILURES), detail: hostile(500) }) },
    links: fc.record({ scan: link, output: maybe(link) }),
  }),
  'ip_ranges.changed': fc.record({
    ...{ ...head, serial: many, previousSerial: maybe(many), changedAt: when, added: ranges, addedTotal: many },
    ...{ changed: ranges, changedTotal: many, removed: ranges, removedTotal: many },
    sha256: hostile(64),
    links: fc.record({ ranges: link, version: link, changes: maybe(link) }),
  }),
  'allowlist.outdated': fc.record({
    ...{ ...head, target, confirmed: maybe(fc.record({ at: when })), serial: many },
    ...{ missing: ranges, missingTotal: many, issueId: maybe(id('iss')) },
    links: fc.record({ target: link, issue: maybe(link), allowlist: link }),
  }),
  'probe.offline': fc.record({ ...head, probe, seenAt: when, scansTouched: many, links: probeLinks }),
  'probe.online': fc.record({ ...head, probe, seenAt: when, offlineSince: maybe(when), links: probeLinks }),
  'control.failing': fc.record({
    ...{ ...head, target, address: hostile(45), state: pick(['failing', 'lapsed']), method: pick(CHECKED_METHODS) },
    ...{ expiresAt: when, problem: fc.record({ code: pick(CONTROL_PROBLEMS), detail: hostile(500) }) },
    links: fc.record({ target: link }),
  }),
  'channel.switched_off': fc.record({
    ...{ ...head, channel: fc.record({ id: id('chn'), kind: pick(CHANNEL_KINDS), name: hostile(100) }) },
    ...{ reason: hostile(300), waiting: many, links: fc.record({ channels: link }) },
  }),
}

/** Mostly issues: they are the longest. */
export const events: fc.Arbitrary<AnyEvent> = fc
  .oneof({ weight: 6, arbitrary: fc.constant('issue.opened' as const) }, { weight: 4, arbitrary: pick(NOTICES) })
  .chain((type) =>
    fc
      .record({ type: fc.constant(type), version: fc.constant(1 as const), timestamp: when, data: DATA[type] })
      .map((event) => event as AnyEvent),
  )
