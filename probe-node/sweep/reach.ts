/**
 * Proofs of reach during a sweep. A ban in mid-discovery must not pass for closed ports: what answered before is
 * touched again about every second, and when it falls silent the ports tried since the last proof count for nothing.
 */
import { accepts, isExhaustion, REFUSED, type Status } from './sockets.ts'

/** What a sentinel is expected to do, as it did before: accept, or refuse. */
export type Sentinel = { port: number; kind: 'open' | 'refused' }

/**
 * What a sentinel did: as before; the same, but only to its second SYN where the first usually does; accept, having refused; none
 * of these; or we do not know, by a fault of our own.
 */
export type Reply = 'as_before' | 'late' | 'accepts' | 'fails' | 'unknown'

/** What a status means as the answer of a sentinel; null: none came in time. */
export function replyOf({ kind }: Sentinel, status: Status | null): Reply {
  if (status === null) return 'fails'
  if (isExhaustion(status)) return 'unknown'
  if (accepts(status)) return kind === 'open' ? 'as_before' : 'accepts'
  return kind === 'refused' && status === REFUSED ? 'as_before' : 'fails'
}

export interface Reach {
  /** a port of the sweep accepted or refused, its connect having started at `startedAt` */
  answered(port: number, kind: Sentinel['kind'], startedAt: number): void
  /** never touch this one as a sentinel: its service counts touches */
  spare(port: number): void
  /** A round of sentinel touches. Only the last one may touch a port that counts touches, where there is no other. */
  begin(now: number, isLast: boolean): readonly Sentinel[]
  /** the answer of one sentinel of the round */
  heard(sentinel: Sentinel, reply: Reply): void
  /** the touches of the round that are still wanted, after all before were heard; empty when the round is over */
  more(): readonly Sentinel[]
  /** start of the last touch that proved reach; null before any */
  provedAt(): number | null
  isLost(): boolean
  /** Ports that refused accept now: whoever answers does so on any port, and what accepted says nothing (a honeypot, a SYN proxy). */
  isLured(): boolean
  /** start of the last touch that was refused; infinitely early before any; null where too few ports refuse to tell a lure by */
  refusedAt(): number | null
  /** ports that refused, to be asked again */
  refusing(): readonly number[]
  /** Amid the sweep nothing that is asked answers, and all of it does when the sweep pauses for the second look: three times running. */
  isHeldBack(): boolean
  /** that, or a late answer to all that was asked, once */
  wasHelped(): boolean
  /** open ports that failed twice while others answered */
  suspects(): readonly number[]
}

const OTHERS = 3
/** So many ports that refused are kept in mind, and with fewer than these no lure is told. */
const REFUSED_KEPT = 5
const REFUSED_LEAST = 4
/** So many of them accept in one round, and none refuses any more: loss may take the answers of the others. */
const LURED = 2
/** Loss of a fifth each way fails one sentinel's two SYNs once in eight times. */
const HELD_BACK_ROUNDS = 3

export function watchReach(known: readonly Sentinel[], spared: Iterable<number>): Reach {
  const avoid = new Set(spared)
  const open = new Set<number>()
  const rationedOpen = new Set<number>()
  const refused: number[] = []
  let refusedAt = Number.NEGATIVE_INFINITY
  let proved: number | null = null
  let lost = false
  let lured = false
  let turn = 0
  const suspects: number[] = []
  const pauses = { helped: 0, running: 0 }
  let round: {
    at: number
    asked: number
    late: number
    doubted: Sentinel[]
    /** of the ports that refused before: those that accept now, and how many refuse again */
    accepting: number[]
    refusals: number
    heard: Map<string, boolean>
    stage: 'first' | 'again' | 'over'
  } | null = null
  const keyOf = ({ kind, port }: Sentinel) => `${kind} ${port}`

  const add = (port: number, kind: Sentinel['kind']) => {
    if (kind === 'refused') {
      if (refused.length < REFUSED_KEPT && !refused.includes(port)) refused.push(port)
    } else if (avoid.has(port)) rationedOpen.add(port)
    else open.add(port)
  }
  for (const { port, kind } of known) add(port, kind)

  const pickOpen = (count: number, not: readonly number[]): Sentinel[] => {
    const list = [...open].filter((port) => !not.includes(port))
    const picked = Array.from(
      { length: Math.min(count, list.length) },
      (_, i) => list[(turn + i) % list.length] as number,
    )
    turn += 1
    return picked.map((port) => ({ port, kind: 'open' }))
  }

  const pickRefused = (from: number, to: number): Sentinel[] =>
    refused.slice(from, to).map((port) => ({ port, kind: 'refused' }))

  const close = () => {
    if (!round) return
    const { heard, doubted, accepting, refusals, at } = round
    const failed = doubted.filter((sentinel) => heard.get(keyOf(sentinel)) === false)
    const failedOpen = failed.filter(({ kind }) => kind === 'open').map(({ port }) => port)
    const openAnswered = [...heard].some(([key, ok]) => ok && key.startsWith('open'))
    for (const port of failedOpen) {
      open.delete(port)
      suspects.push(port)
    }
    // Beside others that refuse, one that accepts is a service that came up.
    lured = refusals === 0 && accepting.length >= LURED
    if (refusals > 0) {
      for (const port of accepting) refused.splice(refused.indexOf(port), 1)
      refusedAt = Math.max(refusedAt, at)
    }
    // An open port that falls while others stay is its own story; all of them, or a refusal turned to silence, is a ban.
    lost = failed.some(({ kind }) => kind === 'refused') || (failedOpen.length > 0 && !openAnswered)
    if (!lost && heard.size > 0) proved = at
    const hasHelped = doubted.length === round.asked && failed.length === 0
    pauses.helped += Number(doubted.length + round.late === round.asked && failed.length === 0)
    pauses.running = hasHelped ? pauses.running + 1 : 0
    round = null
  }

  return {
    answered(port, kind, startedAt) {
      add(port, kind)
      if (kind === 'refused') refusedAt = Math.max(refusedAt, startedAt)
      // While an open port is known, refusals prove nothing: a ban may answer with refusals as well.
      if (kind === 'open' || open.size === 0) proved = Math.max(proved ?? startedAt, startedAt)
    },
    spare(port) {
      avoid.add(port)
      if (open.delete(port)) rationedOpen.add(port)
    },
    begin(now, isLast) {
      const picked = [...pickOpen(1, []), ...pickRefused(0, 1)]
      const counting = [...rationedOpen][0]
      if (picked.length === 0 && isLast && counting !== undefined) picked.push({ port: counting, kind: 'open' })
      round =
        picked.length > 0
          ? {
              at: now,
              asked: picked.length,
              late: 0,
              doubted: [],
              accepting: [],
              refusals: 0,
              heard: new Map(),
              stage: 'first',
            }
          : null
      return picked
    },
    heard(sentinel, reply) {
      if (!round) return
      if (reply === 'late' && round.stage === 'first') round.late += 1
      if (reply === 'fails' && round.stage === 'first') round.doubted.push(sentinel)
      if (reply === 'accepts') round.accepting.push(sentinel.port)
      if (sentinel.kind === 'refused' && (reply === 'as_before' || reply === 'late')) round.refusals += 1
      round.heard.set(keyOf(sentinel), reply !== 'fails')
    },
    more() {
      if (!round) return []
      if (round.stage === 'first' && round.doubted.length + round.accepting.length > 0) {
        round.stage = 'again'
        const others = round.doubted.some(({ kind }) => kind === 'open')
          ? pickOpen(
              OTHERS,
              round.doubted.map(({ port }) => port),
            )
          : []
        return [...round.doubted, ...others, ...(round.accepting.length > 0 ? pickRefused(1, REFUSED_KEPT) : [])]
      }
      close()
      return []
    },
    provedAt: () => proved,
    isLost: () => lost,
    isLured: () => lured,
    refusedAt: () => (refused.length >= REFUSED_LEAST ? refusedAt : null),
    refusing: () => refused,
    isHeldBack: () => pauses.running >= HELD_BACK_ROUNDS,
    wasHelped: () => pauses.helped > 0,
    suspects: () => suspects,
  }
}
