/** Who lost what: sources, ports, neighbours, countries. */
import type { Service } from '../../../schema/words.ts'
import type { EndpointEvidence, ScanEvidence } from '../evidence.ts'
import { SAME_ROUND_MS } from '../rounds.ts'
import { wasLetInByEnd } from '../stretch.ts'
import { count } from '../text.ts'
import type { Outcome } from '../verdict.ts'
import type { Seen, ValueOf } from './feature.ts'

export const serviceKind = (service: Service): ValueOf<'service'> => {
  if (service === 'ssh') return 'ssh'
  if (['smtp', 'smtps', 'imap', 'imaps', 'pop3', 'pop3s'].includes(service)) return 'mail'
  return service === 'http' || service === 'https' ? 'web' : 'other'
}

const BANS_BEGIN_WITH: readonly ValueOf<'service'>[] = ['ssh', 'mail', 'web', 'other']

export function whoOf(outcome: Outcome): Seen | null {
  const rounds = (outcome.case?.rounds ?? []).filter((round) => round.scanner.failed)
  if (rounds.length === 0) return null
  const others = rounds.flatMap((round) => round.others)
  const failed = others.filter((look) => look.failed).length
  const twin = rounds.filter((round) => round.sibling?.failed).length
  const witnesses = others.filter((look) => look.role === 'witness')
  const witnessFailed = witnesses.filter((look) => look.failed).length
  const value: ValueOf<'who'> =
    outcome.verdict === 'service_down' || (others.length > 0 && failed >= 0.8 * others.length)
      ? 'all'
      : twin >= 0.7 * rounds.length && witnessFailed <= 0.5 * witnesses.length
        ? 'range'
        : failed >= 0.25 * others.length && others.length > 0
          ? 'partial'
          : 'scanner'
  return {
    value,
    rule: 'WHO-1',
    text: {
      scanner: `While the scanner failed, others reached the port in ${others.length - failed} of ${count(others.length, 'touch', 'touches')}.`,
      range: `Scanner and sibling failed together in ${count(twin, 'round')}; witnesses reached the port in ${witnesses.length - witnessFailed} of ${count(witnesses.length, 'touch', 'touches')}.`,
      partial: `Others failed too, in part: ${failed} of ${count(others.length, 'touch', 'touches')}.`,
      all: `Others failed as well: ${failed} of ${count(others.length, 'touch', 'touches')}.`,
    }[value],
    looks: rounds.flatMap((round) => [round.scanner.id, ...round.others.map((look) => look.id)]),
  }
}

/**
 * `lostUntil`: when the port was last known to be lost, before it was reached again; what answers after that says nothing. Where nobody
 * touched it since, a port that was found after the last failure of any says nothing either: the block may have been over.
 */
export function areaOf(
  endpoint: EndpointEvidence,
  outcome: Outcome,
  scan: ScanEvidence,
  lostKeys: ReadonlySet<string>,
  lostUntil: number,
): Seen | null {
  const from = outcome.tally.firstFailAt ?? endpoint.alarmAt
  if (from === null) return null
  const host = (scan.byAddress.get(endpoint.address) ?? []).filter(
    (one) => (one.found || lostKeys.has(one.key)) && !one.phantom,
  )
  const lost = new Set(host.filter((one) => one === endpoint || lostKeys.has(one.key)))
  // A port that was not touched since the loss says nothing about its reach.
  const standing: string[] = []
  let alive = 0
  const foundUntil = Number.isFinite(lostUntil) || outcome.verdict === 'degraded' ? lostUntil : lastFailureOf(lost)
  const failures = (outcome.case?.rounds ?? []).map(({ scanner }) => scanner).filter(({ failed }) => failed)
  const isMute = failures.filter(({ sight }) => sight === 'mute').length * 2 > failures.length
  for (const one of host) {
    // What accepts and then says nothing (a tarpit, a proxy that drops) looks open where nothing more than a handshake is awaited.
    if (lost.has(one) || (isMute && one.check === 'tcp') || (one.found?.firstSeenOpenAt ?? 0) > foundUntil) continue
    const look = one.looks.findLast(
      (last) => last.role === 'scanner' && last.endAt < lostUntil && !wasLetInByEnd(last, one, lostUntil),
    )
    const answered = look !== undefined && !look.failed && look.at >= from
    if (answered) standing.push(look.id)
    if (answered || one.spans.some((span) => span.to > from && span.from < lostUntil)) alive++
  }
  if (lost.size + alive < 2) return null
  const failed = [...lost].flatMap(
    (one) =>
      one.looks.findLast((last) => last.role === 'scanner' && last.failed && last.at >= from - SAME_ROUND_MS)?.id ?? [],
  )
  const isWeb = (one: EndpointEvidence) => serviceKind(one.service) === 'web'
  const isFrontend = lost.size > 1 && [...lost].every(isWeb) && host.every((one) => lost.has(one) || !isWeb(one))
  const value: ValueOf<'area'> = alive === 0 ? 'all' : lost.size === 1 ? 'one' : isFrontend ? 'web' : 'some'
  return {
    value,
    rule: 'AREA-1',
    text:
      value === 'all'
        ? `All ${lost.size} ${lost.size === host.length ? 'known ports of the host' : 'ports of the host that were looked at meanwhile'} were lost.`
        : `${count(lost.size, 'port')} of the host ${lost.size === 1 ? 'was' : 'were'} lost${value === 'web' ? ', every web port and no other' : ''}; ${alive} went on answering.`,
    looks: [...failed, ...standing],
  }
}

/** The end of the scanner's last touch that failed at any of these. */
const lastFailureOf = (lost: Iterable<EndpointEvidence>): number =>
  Math.max(
    ...[...lost].flatMap(
      ({ looks }) =>
        looks.findLast((look) => look.role === 'scanner' && look.failed)?.endAt ?? Number.NEGATIVE_INFINITY,
    ),
  )

/** Whether another port of the host fell silent and was reached again, both while this one was lost: one ban does not do that. */
export function isPatchy(endpoint: EndpointEvidence, outcome: Outcome, scan: ScanEvidence, lostUntil: number): boolean {
  const from = outcome.tally.firstFailAt
  if (from === null) return false
  return (scan.byAddress.get(endpoint.address) ?? []).some((other) => {
    if (other === endpoint || !other.found || other.phantom) return false
    const own = other.looks.filter(
      ({ role, at, observation }) =>
        role === 'scanner' && at >= from - SAME_ROUND_MS && at < lostUntil && observation.purpose !== 'canary',
    )
    const lost = own.find(({ sight }) => sight === 'unresponsive')
    if (lost === undefined) return false
    return own.some(
      (look) => !look.failed && look.at > lost.at && look.endAt < lostUntil && !wasLetInByEnd(look, other, lostUntil),
    )
  })
}

/** A ban of the whole host has one cause for all its ports: what it most likely began with counts for each of them. */
export function serviceOf(endpoint: EndpointEvidence, scan: ScanEvidence, lostKeys: ReadonlySet<string>): Seen {
  const lost = (scan.byAddress.get(endpoint.address) ?? []).filter((one) => one !== endpoint && lostKeys.has(one.key))
  const kinds = new Set([endpoint, ...lost].map((one) => serviceKind(one.service)))
  return {
    value: BANS_BEGIN_WITH.find((kind) => kinds.has(kind)) ?? 'other',
    rule: 'SVC-1',
    text: `The service is ${endpoint.service === 'unknown' ? 'not known' : endpoint.service}.`,
    looks: [],
  }
}

/** Neighbours are touched beside a round, not in the order of its touches. */
const BESIDE_MS = 250

/**
 * Other addresses near the target: lost for the scanner in the seconds in which somebody else reaches them? What they answer after
 * the port's last failure says nothing: the block may be over.
 */
export function neighbourOf(endpoint: EndpointEvidence, outcome: Outcome, scan: ScanEvidence): Seen | null {
  const { firstFailAt: from, lastFailAt } = outcome.tally
  if (from === null) return null
  const until = (lastFailAt ?? from) + BESIDE_MS
  const looks = scan.anchorLooks.filter(
    ({ address, at }) => address !== endpoint.address && at >= from - SAME_ROUND_MS && at <= until,
  )
  const answered = looks.filter((look) => look.role === 'scanner' && !look.failed)
  const lost = looks.filter(
    (look) =>
      look.role === 'scanner' &&
      look.failed &&
      looks.some(
        (other) =>
          other.role !== 'scanner' &&
          !other.failed &&
          other.address === look.address &&
          Math.abs(other.at - look.at) <= SAME_ROUND_MS,
      ),
  )
  if (answered.length + lost.length === 0) return null
  const value: ValueOf<'neighbour'> = answered.length > 0 ? 'answers' : 'lost'
  return {
    value,
    rule: 'NBR-1',
    text: {
      answers: 'A neighbour of the target went on answering the scanner: the block is on this host.',
      lost: 'A neighbour of the target fell silent for the scanner as well, and answered others: the block stands before them both.',
    }[value],
    looks: (value === 'answers' ? answered : lost).map((look) => look.id),
  }
}

/** The strongest sign of geography: a witness in the scanner's country, of another network, shares its fate. */
export function countryOf(endpoint: EndpointEvidence, outcome: Outcome, scan: ScanEvidence): Seen | null {
  const home = scan.scanner?.country
  const from = outcome.tally.firstFailAt ?? outcome.case?.startAt ?? null
  if (!home || from === null) return null
  const compatriots = scan.facts.panel.filter((one) => one.role === 'witness' && one.country === home)
  const looks = endpoint.looks.filter(
    (look) => look.at >= from && compatriots.some((one) => one.probeId === look.probeId),
  )
  if (looks.length < 2) return null
  const failed = looks.filter((look) => look.failed)
  if (failed.length > 0.2 * looks.length && failed.length < 0.8 * looks.length) return null
  const value: ValueOf<'country'> = failed.length * 2 > looks.length ? 'fails' : 'reaches'
  return {
    value,
    rule: 'GEO-1',
    text: {
      fails: `A witness in ${home}, the scanner's country, with another provider, does not reach the port either.`,
      reaches: `A witness in ${home}, the scanner's country, reaches the port: it is not the country.`,
    }[value],
    looks: looks.map((look) => look.id),
  }
}
