/** What the experiments and the course of things say (E4, E5, E6). */

import type { Sight } from '../../../schema/words.ts'
import type { EndpointEvidence, Look, ScanEvidence } from '../evidence.ts'
import { onsetOf } from '../experiments/onset.ts'
import { isLimited, passText, type RateTest, signsOfLimit } from '../experiments/rate.ts'
import { renewalOf } from '../experiments/renewal.ts'
import { SLOW_CONNECT_MS } from '../tests.ts'
import { count, seconds } from '../text.ts'
import type { Outcome } from '../verdict.ts'
import type { Seen, ValueOf } from './feature.ts'
import { serviceKind } from './scope.ts'

export function burstOf({ rate }: Outcome): Seen | null {
  if (!rate || rate.burst.connects === 0) return null
  const { burst, slow, swept, limitPerSecond } = rate
  const passed = burst.prompt === burst.connects
  const value: ValueOf<'burst'> | null =
    isLimited(rate) !== 'no'
      ? 'limited'
      : passed
        ? 'passes'
        : burst.failed === burst.connects && slow.n > 0 && slow.bad === slow.n
          ? 'blocked'
          : isMixed(rate)
            ? 'mixed'
            : null
  if (value === null) return null
  const limit = limitPerSecond ? `, about ${passText(limitPerSecond)} new connections a second` : ''
  const amid = swept ? ` amid a search for ports at ${swept.offered} a second` : ''
  return {
    value,
    rule: 'RATE-1',
    text: {
      limited: `Of ${burst.connects} connects at once${amid} ${burst.prompt} got through in time, of ${count(slow.n, 'slow touch', 'slow touches')} ${slow.n - slow.bad}: a limit${limit}.`,
      mixed: `Of ${burst.connects} connects at once${amid} ${burst.connects - burst.failed} got through and ${burst.failed} did not, while others were let in: neither loss nor a ban does that.`,
      blocked: `All ${burst.connects} connects at once failed, and the slow touches too: it does not depend on how fast we ask.`,
      passes: `All ${burst.connects} connects at once${amid} got through: no limit at that pace.`,
    }[value],
    looks: [...rate.looks.burst, ...rate.looks.slow],
  }
}

/** Loss of a fifth of all packets fails one handshake in twenty; who is banned gets nothing through. */
const isMixed = ({ burst, beside }: RateTest): boolean =>
  burst.failed * 3 >= burst.connects && burst.connects - burst.failed >= 2 && beside.n > 0 && beside.bad * 4 <= beside.n

/** The looks of a burst that went badly, as failures: with a limiter the rounds themselves may all have passed. */
export function burstFailures(endpoint: EndpointEvidence, rate: RateTest): Look[] {
  const ids = new Set(rate.looks.burst)
  // The bursts of a limit on the host may all have been made on other ports of it.
  const inBurst = endpoint.looks.some(({ id }) => ids.has(id))
    ? ids
    : new Set(signsOfLimit(endpoint).map(({ id }) => id))
  const failed = endpoint.looks.filter((look) => inBurst.has(look.id) && look.failed)
  if (failed.length > 0) return failed
  // A handshake that took a second lost its first packet on the way: dropped, as the others of that second show.
  const late = endpoint.looks.filter(
    (look) => inBurst.has(look.id) && (look.observation.connectMs ?? 0) >= SLOW_CONNECT_MS,
  )
  return late.map((look) => ({ ...look, sight: 'unresponsive', failed: true }))
}

/** A ban follows its cause within seconds: at once inline, 1 to 3 s from a log, 10 s from a bouncer that asks. */
const LAG_MS = 20_000

/** What the scanner did to the host just before the loss. Nothing of its own while another scanner works. */
export function triggerOf(endpoint: EndpointEvidence, scan: ScanEvidence, lostAt: number | null): Seen | null {
  const onset = onsetOf(endpoint, scan, lostAt)
  if (!onset || scan.facts.profile === 'accompany') return null
  // One ban, one beginning: what set it off lies before the first loss on the address.
  const firstAlarm = Math.min(
    ...(scan.byAddress.get(endpoint.address) ?? []).flatMap(({ alarmAt }) => (alarmAt === null ? [] : [alarmAt])),
  )
  const failedAt = Math.min(onset.between[1], firstAlarm)
  const engaged = (scan.byAddress.get(endpoint.address) ?? []).flatMap((one) =>
    one.looks
      .filter(
        ({ role, at, failed, observation }) =>
          role === 'scanner' && !failed && observation.purpose === 'engage' && at <= failedAt,
      )
      .map((look) => ({ look, kind: serviceKind(one.service) })),
  )
  const last = engaged.toSorted((a, b) => b.look.at - a.look.at)[0]
  if (last && failedAt - last.look.at > LAG_MS) return null
  const wasSearching =
    scan.facts.profile === 'discovery' ||
    !scan.scanRun?.discovered ||
    (scan.engagement.size > 0 && [...scan.engagement.values()].every(({ done }) => done === 0))
  if (!last && !wasSearching) return null
  const found = endpoint.looks.find(({ role }) => role === 'scanner')
  return {
    value: last?.kind ?? 'sweep',
    rule: 'TRG-1',
    text: last
      ? `${seconds(failedAt - last.look.at)} before, the scanner had spoken to a ${last.kind === 'other' ? 'service' : `${last.kind} service`} of the host.`
      : 'Nothing but the search for open ports had gone before.',
    looks: last ? [last.look.id] : found ? [found.id] : [],
  }
}

export function renewalSeen(endpoint: EndpointEvidence, lostAt: number | null): Seen | null {
  const renewal = renewalOf(endpoint, lostAt)
  if (!renewal || renewal.says === 'either') return null
  return {
    value: renewal.says,
    rule: 'REN-1',
    text:
      renewal.says === 'renewed'
        ? `It answered after ${seconds(renewal.silence.helped)} of silence, which fits a list that each touch renews.`
        : 'It answered at a usual time after the loss, whatever was touched meanwhile.',
    looks: renewal.looks,
  }
}

/** A touch of our own that gets through leaves a connection behind as well. */
const OWN_MS = 3_000
/** One could have been made as the loss began, and seen late. */
const LEAST = 2

/** Where connections are accepted first and turned away then, one that was made says nothing. */
const BEFORE_HANDSHAKE: readonly Sight[] = ['closed', 'unresponsive', 'unreachable']

/** What gets through to one lost port tells of the rule that stands before all of them that the scan lost on this address. */
export function companyOf(
  endpoint: EndpointEvidence,
  { tally }: Outcome,
  scan: ScanEvidence,
  lostKeys: ReadonlySet<string>,
): Seen | null {
  const from = tally.firstFailAt
  if (from === null || !isTurnedAwayAtOnce(endpoint, from)) return null
  const beside = (scan.byAddress.get(endpoint.address) ?? []).filter(({ key }) => lostKeys.has(key))
  for (const one of [endpoint, ...beside.filter((each) => each !== endpoint)]) {
    const through = lettingIn(one, from)
    if (through.length < LEAST) continue
    const where = one === endpoint ? '' : ` at port ${one.port}, which was lost as well`
    return {
      value: 'through',
      rule: 'CMP-1',
      text: `Between failures of ours connections of another scanner from the same address were accepted${where}, ${count(through.length, 'time')}: a ban on the address would have stopped them too.`,
      looks: through.map(({ id }) => id),
    }
  }
  return null
}

const ownSince = ({ looks }: EndpointEvidence, from: number): Look[] =>
  looks.filter(({ role, at, observation }) => role === 'scanner' && at >= from && observation.purpose !== 'canary')

const isTurnedAwayAtOnce = (endpoint: EndpointEvidence, from: number): boolean =>
  ownSince(endpoint, from).every(({ failed, sight }) => !failed || BEFORE_HANDSHAKE.includes(sight))

/** The connections of another scanner that were made between the first and the last failure of ours. */
function lettingIn(endpoint: EndpointEvidence, from: number): Look[] {
  const { company } = endpoint
  if (company.length === 0 || !isTurnedAwayAtOnce(endpoint, from)) return []
  const own = ownSince(endpoint, from)
  const failures = own.filter(({ failed }) => failed)
  const [first, last] = [failures[0], failures.at(-1)]
  if (!first || !last) return []
  const passed = own.filter(({ failed }) => !failed)
  return company.filter(
    ({ at }) => at > first.endAt && at < last.at && !passed.some((look) => Math.abs(look.at - at) <= OWN_MS),
  )
}
