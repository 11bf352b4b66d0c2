import type { Service, Sight } from '../../schema/words.ts'
import type { EndpointEvidence, Look, ScanEvidence } from './evidence.ts'
import { SAME_ROUND_MS } from './rounds.ts'
import type { RuleId } from './rules.ts'
import { count, latin1Of } from './text.ts'
import type { Outcome } from './verdict.ts'
import { platformIn, signsIn } from './waf.ts'

/** What separates causes, each with the closed list of its values. */
export const FEATURES = {
  /** how the port fails for the scanner */
  mode: ['refused', 'silent', 'unreachable', 'cut', 'mute', 'page', 'notice'],
  /** who lost it */
  who: ['scanner', 'range', 'partial', 'all'],
  /** when it is accepted and cut: by a reset told with the handshake, by a later reset, or by an orderly end */
  cut: ['reset_at_once', 'reset', 'end'],
  /** which of the host's open ports the scanner lost; `web`: several, all web and every web port, while others stand */
  area: ['one', 'web', 'some', 'all'],
  /** what was lost; of a host lost whole, the service on it that bans most often begin with */
  service: ['ssh', 'mail', 'web', 'other'],
  /** other addresses near the target, in the same seconds */
  neighbour: ['answers', 'lost'],
  /** a witness in the scanner's own country, where it ever looked */
  country: ['fails', 'reaches'],
  /** signs of a managed hosting platform in what the web service said */
  platform: ['managed', 'none'],
  /** touches ten and more seconds apart */
  slow: ['blocked', 'passes'],
  /** E2: refusals in a burst */
  throttle: ['rst', 'icmp'],
  /** E3: the connection kept open since the start */
  canary: ['alive', 'frozen', 'reset'],
  /** what a notice says */
  text: ['max_startups', 'ssh_penalty', 'smtp_try_later', 'smtp_refused', 'other'],
  /** what a page is */
  page: ['rate', 'forbidden', 'vendor', 'other'],
  onset: ['before', 'during'],
  /** until it answered again, from the loss on */
  away: ['under_30s', 'minutes', 'ten_minutes', 'hour', 'longer'],
} as const satisfies Record<string, readonly string[]>
export type FeatureName = keyof typeof FEATURES
export type ValueOf<F extends FeatureName> = (typeof FEATURES)[F][number]

/** One feature as it was seen, with the sentence and the looks that carry it. */
export interface Seen {
  value: string
  rule: RuleId
  text: string
  looks: readonly string[]
}
export type Features = Partial<Record<FeatureName, Seen>>

const MODE: Partial<Record<Sight, ValueOf<'mode'>>> = {
  closed: 'refused',
  unresponsive: 'silent',
  unreachable: 'unreachable',
  cut: 'cut',
  mute: 'mute',
  page: 'page',
  notice: 'notice',
}
const MODE_TEXT: Record<ValueOf<'mode'>, string> = {
  refused: 'was refused',
  silent: 'got no answer at all',
  unreachable: 'was told that the host is unreachable',
  cut: 'was accepted and cut off before any byte',
  mute: 'was accepted and then met silence',
  page: 'got a page that refuses it',
  notice: 'got a notice that refuses it',
}

export const serviceKind = (service: Service): ValueOf<'service'> => {
  if (service === 'ssh') return 'ssh'
  if (['smtp', 'smtps', 'imap', 'imaps', 'pop3', 'pop3s'].includes(service)) return 'mail'
  return service === 'http' || service === 'https' ? 'web' : 'other'
}

/** Everything about a lost endpoint that speaks for or against a cause. `lostKeys`: all endpoints the scan lost. */
export function featuresOf(
  endpoint: EndpointEvidence,
  outcome: Outcome,
  scan: ScanEvidence,
  lostKeys: ReadonlySet<string>,
  back: { lostAt: number | null; recoveredBetween: readonly [number, number] | null },
): Features {
  const features: Features = {}
  const put = (name: FeatureName, seen: Seen | null) => {
    if (seen) features[name] = { ...seen, looks: seen.looks.slice(0, 20) }
  }
  const failures = (outcome.case?.rounds ?? []).map((round) => round.scanner).filter((look) => look.failed)
  put('mode', modeOf(failures))
  put('who', whoOf(outcome))
  put('cut', cutOf(failures))
  const area = areaOf(endpoint, outcome, scan, lostKeys)
  put('area', area)
  put('service', serviceOf(endpoint, scan, area?.value === 'all' ? lostKeys : new Set()))
  put('neighbour', neighbourOf(endpoint, outcome, scan))
  put('country', countryOf(endpoint, outcome, scan))
  put('platform', platformOf(scan))
  put('slow', slowOf(outcome))
  put('throttle', throttleOf(endpoint))
  put('canary', canaryOf(endpoint, outcome))
  put('text', noticeOf(endpoint, failures))
  put('page', pageOf(failures))
  put('onset', {
    value: endpoint.found === null ? 'before' : 'during',
    rule: 'WHO-1',
    text:
      endpoint.found === null
        ? 'The scanner never reached the port.'
        : 'The scanner reached the port before it was lost.',
    looks: [],
  })
  put('away', awayOf(back.lostAt, back.recoveredBetween))
  return features
}

function modeOf(failures: readonly Look[]): Seen | null {
  const counts = new Map<ValueOf<'mode'>, Look[]>()
  for (const look of failures) {
    const mode = MODE[look.sight]
    if (mode) counts.set(mode, [...(counts.get(mode) ?? []), look])
  }
  const [mode, looks] = [...counts.entries()].toSorted(([, a], [, b]) => b.length - a.length)[0] ?? []
  if (!mode || !looks) return null
  return {
    value: mode,
    rule: 'MODE-1',
    text: `The scanner ${MODE_TEXT[mode]} (${looks.length} of ${count(failures.length, 'failure')}).`,
    looks: looks.map((look) => look.id),
  }
}

/** A packet filter cannot end a connection in order, and seldom resets one that it let be made: proxies and services do. */
function cutOf(failures: readonly Look[]): Seen | null {
  const cuts = failures.filter((look) => look.sight === 'cut')
  if (cuts.length * 2 <= failures.length) return null
  const ended = cuts.filter((look) => look.observation.code === undefined)
  const atOnce = cuts.filter((look) => look.observation.syscall === 'connect')
  const value: ValueOf<'cut'> =
    ended.length * 2 > cuts.length ? 'end' : atOnce.length * 2 > cuts.length ? 'reset_at_once' : 'reset'
  return {
    value,
    rule: 'CUT-1',
    text: {
      end: 'The connection was ended in order, without a byte: a service or proxy closed it, no packet filter does.',
      reset_at_once:
        'The connection was reset in the moment it was accepted: a proxy that rejects, or a box that answers for the host.',
      reset: 'The connection was accepted, then reset before any byte.',
    }[value],
    looks: cuts.map((look) => look.id),
  }
}

const BANS_BEGIN_WITH: readonly ValueOf<'service'>[] = ['ssh', 'mail', 'web', 'other']

/** A ban of the whole host has one cause for all its ports: what it most likely began with counts for each of them. */
function serviceOf(endpoint: EndpointEvidence, scan: ScanEvidence, lostKeys: ReadonlySet<string>): Seen {
  const lost = (scan.byAddress.get(endpoint.address) ?? []).filter((one) => one !== endpoint && lostKeys.has(one.key))
  const kinds = new Set([endpoint, ...lost].map((one) => serviceKind(one.service)))
  return {
    value: BANS_BEGIN_WITH.find((kind) => kinds.has(kind)) ?? 'other',
    rule: 'SVC-1',
    text: `The service is ${endpoint.service === 'unknown' ? 'not known' : endpoint.service}.`,
    looks: [],
  }
}

/** Other addresses near the target: lost for the scanner in the seconds in which somebody else reaches them? */
function neighbourOf(endpoint: EndpointEvidence, outcome: Outcome, scan: ScanEvidence): Seen | null {
  const from = outcome.tally.firstFailAt
  if (from === null) return null
  const looks = scan.anchorLooks.filter((look) => look.address !== endpoint.address && look.at >= from - SAME_ROUND_MS)
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
function countryOf(endpoint: EndpointEvidence, outcome: Outcome, scan: ScanEvidence): Seen | null {
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

/** Presence is a prior, never proof: platforms that run many customers behind one door also have rules of their own. */
function platformOf(scan: ScanEvidence): Seen | null {
  const { platform, looks, heard } = platformIn(scan)
  if (!heard) return null
  return {
    value: platform === null ? 'none' : 'managed',
    rule: 'HST-1',
    text:
      platform === null
        ? 'Nothing that the web service said points at a managed hosting platform.'
        : `The web service runs on ${platform}, a managed hosting platform.`,
    looks,
  }
}

function whoOf(outcome: Outcome): Seen | null {
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

function areaOf(
  endpoint: EndpointEvidence,
  outcome: Outcome,
  scan: ScanEvidence,
  lostKeys: ReadonlySet<string>,
): Seen | null {
  const from = outcome.tally.firstFailAt ?? endpoint.alarmAt
  if (from === null) return null
  const host = (scan.byAddress.get(endpoint.address) ?? []).filter((one) => one.found && !one.phantom)
  const lost = new Set(host.filter((one) => one === endpoint || lostKeys.has(one.key)))
  // A port that was not touched since the loss says nothing about its reach.
  const standing: string[] = []
  let alive = 0
  for (const one of host) {
    if (lost.has(one)) continue
    const look = one.looks.findLast((last) => last.role === 'scanner')
    const answered = look !== undefined && !look.failed && look.at >= from
    if (answered) standing.push(look.id)
    if (answered || one.spans.some((span) => span.to > from)) alive++
  }
  if (lost.size + alive < 2) return null
  const isWeb = (one: EndpointEvidence) => serviceKind(one.service) === 'web'
  const isFrontend = lost.size > 1 && [...lost].every(isWeb) && host.every((one) => lost.has(one) || !isWeb(one))
  const value: ValueOf<'area'> = alive === 0 ? 'all' : lost.size === 1 ? 'one' : isFrontend ? 'web' : 'some'
  return {
    value,
    rule: 'AREA-1',
    text:
      value === 'all'
        ? `All ${lost.size} known ports of the host were lost.`
        : `${count(lost.size, 'port')} of the host ${lost.size === 1 ? 'was' : 'were'} lost${value === 'web' ? ', every web port and no other' : ''}; ${alive} went on answering.`,
    looks: standing,
  }
}

/** At this pace no sane rate limit answers; the rounds themselves are the slow arm of E4. */
const SLOW_GAP_MS = 7_500

function slowOf(outcome: Outcome): Seen | null {
  const rounds = (outcome.case?.rounds ?? []).filter((round, i, all) => {
    const before = all[i - 1]
    return before !== undefined && round.at - before.at >= SLOW_GAP_MS
  })
  if (rounds.length < 2) return null
  const failed = rounds.filter((round) => round.scanner.failed)
  const value: ValueOf<'slow'> = failed.length >= 0.8 * rounds.length ? 'blocked' : 'passes'
  return {
    value,
    rule: 'SLOW-1',
    text: `Of ${rounds.length} slow touches, eight and more seconds apart, ${failed.length} failed: ${value === 'blocked' ? 'a rate limit would have let them through' : 'it depends on how fast we ask'}.`,
    looks: rounds.map((round) => round.scanner.id),
  }
}

/** Resets come at once, all of them; ICMP refusals are throttled to one a second after a burst of six. */
function throttleOf(endpoint: EndpointEvidence): Seen | null {
  const burst = endpoint.looks.filter((look) => look.observation.experiment === 'E2' && look.role === 'scanner')
  if (burst.length < 6) return null
  const quick = burst.filter((look) => look.sight === 'closed' && look.observation.afterMs < 500).length
  const late = burst.length - quick
  if (quick === 0 || (late > 0 && late < 2)) return null
  return {
    value: late === 0 ? 'rst' : 'icmp',
    rule: 'THR-1',
    text:
      late === 0
        ? `All ${burst.length} refusals of a burst came at once: a reset, from the host or a firewall.`
        : `${late} of ${burst.length} refusals of a burst came late or not at all: throttled ICMP, so a firewall refuses, not the service.`,
    looks: burst.map((look) => look.id),
  }
}

function canaryOf(endpoint: EndpointEvidence, outcome: Outcome): Seen | null {
  const from = outcome.tally.firstFailAt
  if (from === null) return null
  const last = endpoint.looks.findLast((look) => look.observation.purpose === 'canary' && look.at >= from - 10_000)
  if (!last) return null
  const value: ValueOf<'canary'> = !last.failed
    ? 'alive'
    : last.sight === 'cut' || last.sight === 'closed'
      ? 'reset'
      : 'frozen'
  return {
    value,
    rule: 'CAN-1',
    text: {
      alive: 'The connection kept open since the start lives on: established flows are let through.',
      frozen:
        'The connection kept open since the start froze: packets of the scanner are dropped whatever they belong to.',
      reset: 'The connection kept open since the start was reset.',
    }[value],
    looks: [last.id],
  }
}

function noticeOf(endpoint: EndpointEvidence, failures: readonly Look[]): Seen | null {
  const notices = failures.filter((look) => look.sight === 'notice' && look.observation.firstBytes)
  const first = notices[0]
  if (!first) return null
  const said = latin1Of(first.observation.firstBytes)
  const value: ValueOf<'text'> = /Exceeded MaxStartups/i.test(said)
    ? 'max_startups'
    : /Not allowed at this time/i.test(said)
      ? 'ssh_penalty'
      : /^(421|450|451)/m.test(said)
        ? 'smtp_try_later'
        : /^5\d\d/m.test(said)
          ? 'smtp_refused'
          : 'other'
  return {
    value,
    rule: 'TXT-1',
    text: {
      max_startups: 'The text is that of OpenSSH when too many logins are under way (MaxStartups).',
      ssh_penalty: 'The text is that of OpenSSH when it penalises a source, or since 9.8 when MaxStartups is reached.',
      smtp_try_later: 'The greeting is a 4xx: come back later or with fewer connections.',
      smtp_refused: 'The greeting is a 5xx: this source is not wanted.',
      other: `The ${endpoint.service} service refuses in words.`,
    }[value],
    looks: notices.map((look) => look.id),
  }
}

function pageOf(failures: readonly Look[]): Seen | null {
  const pages = failures.filter((look) => look.sight === 'page')
  const first = pages[0]
  if (!first) return null
  const status = first.observation.httpStatus
  const vendor = signsIn(latin1Of(first.observation.firstBytes))[0]?.vendor
  const rate = status === 429 || status === 503
  const value: ValueOf<'page'> = rate
    ? 'rate'
    : vendor
      ? 'vendor'
      : status === 403 || status === 406
        ? 'forbidden'
        : 'other'
  return {
    value,
    rule: 'PAGE-1',
    text: `The page has status ${status ?? 'unknown'}${vendor ? ` and carries signs of ${vendor}` : ''}.`,
    looks: pages.map((look) => look.id),
  }
}

/** Names a length only when both ends of the interval agree on it. */
function awayOf(lostAt: number | null, back: readonly [number, number] | null): Seen | null {
  if (!back || lostAt === null) return null
  const [atLeast, atMost] = [back[0] - lostAt, back[1] - lostAt]
  const value = lengthOf(atLeast)
  if (value !== lengthOf(atMost)) return null
  return {
    value,
    rule: 'REC-1',
    text: `The port answered the scanner again between ${Math.round(Math.max(0, atLeast) / 1_000)} and ${Math.round(atMost / 1_000)} s after the loss.`,
    looks: [],
  }
}

function lengthOf(away: number): ValueOf<'away'> {
  if (away < 30_000) return 'under_30s'
  if (away < 450_000) return 'minutes'
  if (away < 900_000) return 'ten_minutes'
  return away < 5_400_000 ? 'hour' : 'longer'
}

/** The vendor that a block page names, or null. */
export function vendorOf(outcome: Outcome): string | null {
  for (const { scanner } of outcome.case?.rounds ?? []) {
    if (scanner.sight !== 'page') continue
    const sign = signsIn(latin1Of(scanner.observation.firstBytes))[0]
    if (sign) return sign.vendor
  }
  return null
}
