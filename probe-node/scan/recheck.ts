import { OF_RENEWING, SELF_RENEWING_MS } from '../../schema/bans.ts'
import type { ResultRequest } from '../../schema/wire.ts'
import { type Recheck, refuses, type Sight } from '../../schema/words.ts'
import { rest } from '../clock.ts'
import { type LastSeen, ROUNDS } from '../memory.ts'
import { clockTime, endpointText, shortTime, sightText } from '../output.ts'
import type { Seen } from '../touch.ts'
import { inParallel, type Scan } from './context.ts'
import type { Known } from './endpoints.ts'
import { touchFor } from './within-lease.ts'

const AT_ONCE = 32
const TRIES = 3
const GAP_MS = 1_000
const TIMEOUT_MS = 6_000
/** The shorter window of the ration: after it, two more touches may be free. */
const RATION_WAIT_MS = 10_500
/** Seen open so shortly ago, a port that counts touches is taken to be open still; less than a log reader takes to ban. */
const JUST_SEEN_MS = 5_000

/** The last look at one port, and whether the port answered it. Null when the ration forbade any. */
export interface Last {
  known: Known
  seen: LastSeen | null
  /** it was made before the re-check: see `standsFor` */
  isEarlier?: boolean
  /** it was made at another port of the address: see `inOneBan` */
  madeAt?: Known
}

/** What a packet filter makes of a touch, and what a proxy's tarpit does. */
const SILENT: readonly Sight[] = ['unresponsive', 'mute']

/**
 * The last look of the rounds at a lost port stands for its re-check while it is not longer ago than a ban that each touch
 * renews: a touch in that time would keep such a ban up, and break the silence that would tell it (detection-science.md 4.5,
 * E6). An older look says nothing of now, whatever another port met since. Null when the port is to be touched again.
 */
export function standsFor({ world, run }: Scan, known: Known): LastSeen | null {
  const own = known.state === 'lost' ? world.memory.last(run.scanId, known.target) : null
  if (!own || !SILENT.includes(own.sight) || !ROUNDS.includes(own.purpose)) return null
  return world.clock.now() - own.at <= Math.max(...SELF_RENEWING_MS) ? own : null
}

/** Ports that are shut by one measure, and what all of them met in the same rounds. The first is asked for all. */
export interface OneBan {
  first: Known
  others: readonly Known[]
  sight: Sight
}

/** The last rounds of ports that one event took from us. */
const SAME_ROUNDS_MS = 10_000

/**
 * Parts the ports of a re-check: those of an address that met the same silence or cut in the same rounds are likely behind one
 * measure. A touch of each, a second SYN of some, would renew one that renews itself several times over; one touch does it once
 * (detection-science.md, section 7, harm). The rest stands alone: a stopped service refuses, and others of its host may be back.
 */
export function inOneBan(
  { world, run }: Scan,
  which: readonly Known[],
): { bans: readonly OneBan[]; alone: readonly Known[] } {
  const sets: { ports: Known[]; sight: Sight; at: number; address: string }[] = []
  const alone: Known[] = []
  for (const known of which) {
    const own = known.state === 'lost' && !known.rationed ? world.memory.last(run.scanId, known.target) : null
    if (!own || !ROUNDS.includes(own.purpose) || !OF_RENEWING.includes(own.sight)) {
      alone.push(known)
      continue
    }
    const { address } = known.target
    const { sight, at } = own
    const set = sets.find(
      (one) => one.address === address && one.sight === sight && Math.abs(one.at - at) <= SAME_ROUNDS_MS,
    )
    if (set) set.ports.push(known)
    else sets.push({ ports: [known], sight, at, address })
  }
  const bans = sets.map(({ ports: [first, ...others], sight }) => ({ first: first as Known, others, sight }))
  return { bans, alone }
}

/** What the first of them met says where the others are: of what it got into nothing is known but by asking. */
export const lastsBehind = ({ first, others, sight }: OneBan, seen: LastSeen | null): readonly Last[] | null =>
  seen?.sight === sight ? others.map((known) => ({ known, seen, madeAt: first })) : null

/**
 * Touches every port ever seen open once more, with retries unless it is known to be lost; a lost one not at all where its
 * last look stands for that, or a touch of another behind the same ban. Facts are reported; nothing is said yet.
 */
export async function recheck(scan: Scan, which: readonly Known[]): Promise<readonly Last[]> {
  const lasts: Last[] = []
  const asked = which.filter((known) => {
    const seen = standsFor(scan, known)
    if (seen) lasts.push({ known, seen, isEarlier: true })
    return !seen
  })
  const { bans, alone } = inOneBan(scan, asked)
  const rest: Known[] = []
  const look = async (known: Known) => {
    const seen = await lookAgain(scan, known)
    lasts.push({ known, seen })
    return seen
  }
  const firsts = [
    ...alone.map((known) => ({ first: known, ban: null })),
    ...bans.map((ban) => ({ first: ban.first, ban })),
  ]
  await inParallel(firsts, AT_ONCE, scan.ended, async ({ first, ban }) => {
    const seen = await look(first)
    const behind = ban && lastsBehind(ban, seen)
    if (behind) lasts.push(...behind)
    else if (ban) rest.push(...ban.others)
  })
  await inParallel(rest, AT_ONCE, scan.ended, async (known) => void (await look(known)))
  return lasts
}

async function lookAgain(scan: Scan, known: Known): Promise<Seen | null> {
  let last: Seen | null = null
  let waited = false
  for (let tries = 0; tries < TRIES && !scan.ended.aborted; tries++) {
    if (tries > 0) await rest(GAP_MS, scan.ended)
    await scan.pace.take(scan.ended)
    const seen = await touchFor(scan, {
      target: known.target,
      purpose: 'recheck',
      // Part of the scanner's own pass: paid from the ration it would take the third round of a verification.
      isEngagement: known.rationed && !known.wasLost,
      timeoutMs: TIMEOUT_MS,
    })
    if (seen.code === 'RATION') {
      const wasJustSeen = known.state === 'open' && scan.world.clock.now() - known.lastOpenAt < JUST_SEEN_MS
      if (last || waited || wasJustSeen) break
      waited = true
      await rest(RATION_WAIT_MS, scan.ended)
      tries -= 1
      continue
    }
    scan.reporter.add(seen)
    last = seen
    if (seen.sight === 'open') {
      scan.endpoints.sawOpen(known, seen.at)
      break
    }
    scan.endpoints.closeSpan(known)
    // Verification needs what is left of the ration. A port that it found lost is asked once: each further touch would
    // renew a ban that renews itself, and the recovery asks on.
    if (known.rationed || known.state === 'lost') break
  }
  return last
}

/** Null when our own fault or the ration leaves the port untold. A proof has no panel that could say that it limps for all. */
export function stateOf({ known, seen }: Last, isProof = false): Recheck | null {
  if (!seen) return known.wasLost ? null : 'open'
  if (seen.sight === 'probe_fault') return null
  const state = STATE_OF[seen.sight]
  return state === 'open' && known.wasLost && (isProof || !known.limped) ? 'reopened' : state
}

/** A port that accepts but refuses in words or by a page is open as ports go; the verdict tells the rest. */
const STATE_OF: Record<Exclude<Sight, 'probe_fault'>, 'open' | 'closed' | 'unresponsive'> = {
  open: 'open',
  notice: 'open',
  page: 'open',
  closed: 'closed',
  cut: 'closed',
  unreachable: 'closed',
  unresponsive: 'unresponsive',
  mute: 'unresponsive',
}

const SENTENCE: Record<Recheck, string> = {
  open: 'still open',
  closed: 'now closed',
  unresponsive: 'now unresponsive',
  reopened: 'lost and open again',
}

/** Writes the section of the raw output and gives the list for the result. */
export function tellRecheck(scan: Scan, lasts: readonly Last[]): NonNullable<ResultRequest['recheck']> {
  const list = [...lasts].sort(
    ({ known: a }, { known: b }) => a.target.address.localeCompare(b.target.address) || a.target.port - b.target.port,
  )
  return list.flatMap((last) => {
    const { known, seen, isEarlier, madeAt } = last
    const state = stateOf(last, scan.plan.proof !== undefined)
    const how = !seen
      ? ' (not touched again: its service counts touches)'
      : isEarlier
        ? ` (${sightText(seen)} at ${clockTime(seen.at)}, in the last round; not touched again: it could prolong a ban)`
        : madeAt
          ? ` (${sightText(seen)} at port ${madeAt.target.port}, lost with it; not touched again: it could prolong a ban)`
          : ` (${sightText(seen)})`
    const isRefused = state === 'reopened' && seen !== null && refuses(seen.sight)
    const words = isRefused ? 'lost; open again, but it refuses' : state ? SENTENCE[state] : 'not known'
    scan.output.line(
      'Open Port Re-check',
      `${endpointText(known.target)}  was open ${shortTime(known.firstSeenOpenAt)}  ${words}${how}`,
    )
    return state ? [{ address: known.target.address, port: known.target.port, state }] : []
  })
}
