/** How a port fails for the scanner, and for how long. */
import { type Sight, wasAccepted } from '../../../schema/words.ts'
import type { EndpointEvidence, Look, Round } from '../evidence.ts'
import { count } from '../text.ts'
import type { Outcome } from '../verdict.ts'
import type { Seen, ValueOf } from './feature.ts'

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

/** At this pace no sane rate limit answers; the rounds themselves are the slow arm of E4. */
const SLOW_GAP_MS = 7_500
/** Of slow touches, that a rate limit would not have stopped. */
const MOST = 0.8

export function modeOf(failures: readonly Look[]): Seen | null {
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
export function cutOf(failures: readonly Look[]): Seen | null {
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

/** So many successes running part a last failure from those before it; or one, and with those after it so many. */
const APART = 2
const AROUND = 3

/**
 * The rounds from the first failure to the last one that tells: a single one, after the port had come back, may be loss as well, and
 * says neither that what shut it lasted nor that it let anything through.
 */
export function spanOf(rounds: readonly Round[]): readonly Round[] {
  const failed = rounds.flatMap(({ scanner }, i) => (scanner.failed ? [i] : []))
  const [before, last] = failed.slice(-2)
  const [ahead, after] = [(last ?? 0) - (before ?? 0) - 1, rounds.length - 1 - (last ?? 0)]
  const isStray = before !== undefined && ahead > 0 && (ahead >= APART || ahead + after >= AROUND)
  const end = isStray ? before : failed.at(-1)
  return end === undefined ? [] : rounds.slice(failed[0], end + 1)
}

export function slowOf(outcome: Outcome): Seen | null {
  // What passed before the loss says nothing of what lets through since.
  const from = outcome.tally.firstFailAt ?? 0
  const rounds = (outcome.case?.rounds ?? []).filter((round, i, all) => {
    const before = all[i - 1]
    return before !== undefined && round.at >= from && round.at - before.at >= SLOW_GAP_MS
  })
  if (rounds.length < 2) return null
  const failed = rounds.filter((round) => round.scanner.failed)
  // What passed only after the port was back for good tells of a ban that ended as well as of a limit.
  const lastFailAt = spanOf(outcome.case?.rounds ?? []).at(-1)?.at ?? 0
  const passedAmid = rounds.some((round) => !round.scanner.failed && round.at < lastFailAt)
  const isBlocked = failed.length >= MOST * rounds.length
  // What fails in half of its slow touches and more does so at any pace.
  const isPassing = failed.length * 2 < rounds.length && (passedAmid || outcome.verdict === 'degraded')
  if (!isBlocked && !isPassing) return null
  const value: ValueOf<'slow'> = isBlocked ? 'blocked' : 'passes'
  return {
    value,
    rule: 'SLOW-1',
    text: `Of ${rounds.length} slow touches, eight and more seconds apart, ${failed.length} failed: ${value === 'blocked' ? 'a rate limit would have let them through' : 'it depends on how fast we ask'}.`,
    looks: rounds.map((round) => round.scanner.id),
  }
}

/** Of this many touches and more some would have been let in by what gives way in part. */
const ENOUGH = 10
const SOME = 2

/** Where all lost the port and most of it was silence: did anybody's handshake come about meanwhile? */
export function seepsOf({ verdict, case: one }: Outcome): Seen | null {
  if (verdict !== 'service_down' || !one) return null
  const allFailed = ({ scanner, others }: Round) => scanner.failed && others.every((look) => look.failed)
  const rounds = one.rounds.slice(one.rounds.findIndex(allFailed), one.rounds.findLastIndex(allFailed) + 1)
  const looks = rounds.flatMap(({ scanner, others }) => [scanner, ...others])
  const silent = looks.filter(({ sight }) => sight === 'unresponsive')
  const made = looks.filter(({ sight }) => sight === 'mute' || wasAccepted(sight))
  if (silent.length * 4 < looks.length || looks.length < ENOUGH) return null
  const value: ValueOf<'seeps'> | null = made.length >= SOME ? 'through' : made.length === 0 ? 'shut' : null
  if (value === null) return null
  return {
    value,
    rule: 'SEEP-1',
    text:
      value === 'through'
        ? `While all met silence ${made.length} of ${looks.length} handshakes came about: it gives way, it is not shut.`
        : `None of ${looks.length} handshakes by anybody came about while the port was lost.`,
    looks: (value === 'through' ? made : silent).map(({ id }) => id),
  }
}

/** What the canary says when the target ended it in order (probe-node/scan/canary.ts). */
const CLOSED_IN_ORDER = 'FIN'

/** The kernel's keep-alive has found out by then that nothing comes back: five seconds of idleness, then ten probes. */
const FROZEN_WITHIN_MS = 15_000

/** `lostUntil`: as for the area. A connection that lives on before a loss could show on it, or when the loss is over, was let through nothing. */
export function canaryOf(endpoint: EndpointEvidence, outcome: Outcome, lostUntil: number): Seen | null {
  const from = outcome.tally.firstFailAt
  if (from === null) return null
  const last = endpoint.looks.findLast((look) => look.observation.purpose === 'canary' && look.at >= from - 10_000)
  // A service that hangs up on an idle client says nothing of who is let through.
  if (!last || last.observation.code === CLOSED_IN_ORDER) return null
  if (!last.failed && (last.at < from + FROZEN_WITHIN_MS || last.at >= lostUntil)) return null
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

/** Names a length only when both ends of the interval agree on it. */
export function awayOf(
  endpoint: EndpointEvidence,
  lostAt: number | null,
  back: readonly [number, number] | null,
): Seen | null {
  if (!back || lostAt === null) return null
  const [atLeast, atMost] = [back[0] - lostAt, back[1] - lostAt]
  const value = lengthOf(atLeast)
  if (value !== lengthOf(atMost)) return null
  return {
    value,
    rule: 'REC-1',
    text: `The port answered the scanner again between ${Math.round(Math.max(0, atLeast) / 1_000)} and ${Math.round(atMost / 1_000)} s after the loss.`,
    looks: [
      endpoint.looks.findLast((look) => look.role === 'scanner' && look.failed && look.at < back[1]),
      endpoint.looks.find((look) => look.role === 'scanner' && !look.failed && look.at >= back[0]),
    ].flatMap((look) => look?.id ?? []),
  }
}

function lengthOf(away: number): ValueOf<'away'> {
  if (away < 30_000) return 'under_30s'
  if (away < 450_000) return 'minutes'
  if (away < 900_000) return 'ten_minutes'
  return away < 5_400_000 ? 'hour' : 'longer'
}

/** One slow answer may have lost a packet after its handshake. */
const SLOW_ANSWERS = 2
/** Slower than this, and this many times slower than before, is a service that is giving way. */
const SLOW_MS = 1_000
const SLOWER = 5

/** A ban lets nothing through until it ends, and everything then: whoever waits with another SYN gets in at that moment. */
export function endsOf({ stretch }: Outcome, amid: readonly Look[]): Seen | null {
  if (amid.length > 0) return null
  const late = (stretch?.rounds ?? []).filter(({ scanner }) => !scanner.failed)
  if (!stretch || late.length === 0) return null
  return {
    value: 'at_once',
    rule: 'FLK-1',
    text: `${late.length} of ${count(stretch.rounds.length, 'touch', 'touches')} got in late, when the block ended; from then on all got in at once.`,
    looks: stretch.rounds.map(({ scanner }) => scanner.id),
  }
}

/** A limit lets in what comes when there is room, and drops what comes a second later (experiments/amid.ts). */
export const amidOf = (amid: readonly Look[]): Seen | null =>
  amid.length === 0
    ? null
    : {
        value: 'through',
        rule: 'FLK-1',
        text: `${count(amid.length, 'connect')} of the scanner to the host got in while others beside were dropped: a ban lets none in.`,
        looks: amid.map(({ id }) => id),
      }

/** A ban lets nothing through until it ends; a limit lets through what comes when there is room. */
export function flickerOf({ case: one }: Outcome, amid: readonly Look[]): Seen | null {
  if (amid.length > 0) return null
  const span = spanOf(one?.rounds ?? [])
  if (span.length < 3) return null
  const through = span.filter(({ scanner }) => !scanner.failed)
  return {
    value: through.length > 0 ? 'now_and_then' : 'never',
    rule: 'FLK-1',
    text:
      through.length > 0
        ? `Between its failures the scanner got through in ${through.length} of ${span.length} rounds.`
        : `From its first to its last failure the scanner got through in none of ${span.length} rounds.`,
    looks: (through.length > 0 ? through : span).map(({ scanner }) => scanner.id),
  }
}

/** Did those who still got through wait longer and longer? The time after the handshake: a lost packet does not count. */
export function speedOf(endpoint: EndpointEvidence, outcome: Outcome): Seen | null {
  const from = outcome.tally.firstFailAt
  if (from === null) return null
  const timed = endpoint.looks.filter(
    (look) => !look.failed && look.sight === 'open' && look.observation.connectMs !== undefined,
  )
  const served = (look: Look) => look.observation.afterMs - (look.observation.connectMs ?? 0)
  const before = timed.filter((look) => look.at < from - 30_000 || look.observation.purpose === 'baseline')
  const around = timed.filter((look) => look.at >= from - 30_000 && look.observation.purpose !== 'baseline')
  const usual = before.map(served).toSorted((a, b) => a - b)[before.length >> 1]
  if (usual === undefined || around.length === 0) return null
  const slow = around.filter((look) => served(look) >= Math.max(SLOW_MS, SLOWER * usual))
  const isSlower = slow.length * 3 > around.length
  if (isSlower && slow.length < SLOW_ANSWERS) return null
  const value: ValueOf<'speed'> = isSlower ? 'slower' : 'steady'
  return {
    value,
    rule: 'SPD-1',
    text:
      value === 'slower'
        ? `Around the loss ${slow.length} of ${count(around.length, 'answer')} took ${SLOWER} times as long as before and more: the service was giving way.`
        : 'Those who got through around the loss were served as fast as before.',
    looks: (value === 'slower' ? slow : around).map((look) => look.id),
  }
}
