import type { Observation, TouchTarget } from '../schema/wire.ts'
import { REFUSING_STATUSES } from '../schema/words.ts'
import type { Touched } from './checks/check.ts'

/**
 * What an endpoint did when this process first touched it in a scan: what a block page is told by. And what it did last,
 * whichever run of the scan touched it.
 */
export interface Memory {
  /** Remembers a first answer, and says what the first one was. */
  first(scanId: string, endpoint: { address: string; port: number }, touched: Touched): First
  /** The Worker knows that what it says now is its own: the next answer is learned as well. */
  relearn(scanId: string, endpoint: { address: string; port: number }): void
  /** Remembers a touch as the latest one. */
  saw(scanId: string, target: TouchTarget, seen: LastSeen): void
  /** What rounds of the scan have touched at this address, the latest first. */
  inRounds(scanId: string, address: string): TouchTarget[]
  last(scanId: string, endpoint: { address: string; port: number }): LastSeen | null
}
export type LastSeen = Pick<Observation, 'purpose' | 'sight' | 'code' | 'at' | 'afterMs'>
export interface First {
  httpStatus: number | null
  mitigated: boolean
  /** the steady headers of its own answers: a balancer may have several servers behind it */
  heads: readonly (readonly string[])[]
}

/** What the Worker asks for in its rounds, whichever run of the scan carries it out. */
export const ROUNDS: readonly Observation['purpose'][] = ['verify', 'explain']

const MOST = 10_000
/** So many steady headers must be new or gone: one may come and go with a change of the configuration. */
const UNLIKE = 2

export function createMemory(): Memory {
  const firsts = new Map<string, First & { heads: (readonly string[])[]; learns: boolean }>()
  const lasts = new Map<string, { target: TouchTarget; seen: LastSeen }>()
  const keyOf = (scanId: string, { address, port }: { address: string; port: number }) => `${scanId} ${address} ${port}`
  return {
    relearn(scanId, endpoint) {
      const known = firsts.get(keyOf(scanId, endpoint))
      if (known) known.learns = true
    },
    first(scanId, endpoint, touched) {
      const key = keyOf(scanId, endpoint)
      const { httpStatus = null, mitigated = false, head } = touched
      const known = firsts.get(key)
      if (known) {
        if (known.learns && head && httpStatus === known.httpStatus) {
          known.learns = false
          known.heads.push(head)
        }
        return known
      }
      const now = { httpStatus, mitigated, heads: head ? [head] : [], learns: false }
      if (now.httpStatus !== null) firsts.set(key, now)
      if (firsts.size > MOST) firsts.delete(firsts.keys().next().value as string)
      return now
    },
    saw(scanId, target, { purpose, sight, code, at, afterMs }) {
      const key = keyOf(scanId, target)
      lasts.delete(key) // the map is in order of last use
      lasts.set(key, { target, seen: { purpose, sight, at, afterMs, ...(code ? { code } : {}) } })
      if (lasts.size > MOST) lasts.delete(lasts.keys().next().value as string)
    },
    inRounds: (scanId, address) =>
      [...lasts]
        .filter(([key, { seen }]) => key.startsWith(`${scanId} ${address} `) && ROUNDS.includes(seen.purpose))
        .map(([, { target }]) => target)
        .reverse(),
    last: (scanId, endpoint) => lasts.get(keyOf(scanId, endpoint))?.seen ?? null,
  }
}

/** HTTP was spoken, but it blocks, limits or challenges, where it did not at first; or somebody else answers in its name. */
export const isPage = (touched: Touched, first: First): boolean =>
  (touched.mitigated === true && !first.mitigated) ||
  (touched.httpStatus !== undefined &&
    REFUSING_STATUSES.has(touched.httpStatus) &&
    first.httpStatus !== touched.httpStatus) ||
  (touched.head !== undefined && isServed(first.httpStatus) && isOther(touched, first))

const isServed = (status: number | null | undefined): boolean => (status ?? 0) >= 200 && (status ?? 0) < 300

/** The same plain request no longer gets what it got: a redirect, an error, or an answer with other steady headers. */
const isOther = ({ httpStatus, head = [] }: Touched, first: First): boolean =>
  httpStatus === first.httpStatus ? isAnothers(head, first.heads) : !isServed(httpStatus)

function isAnothers(head: readonly string[], known: First['heads']): boolean {
  if (known.length === 0) return false
  const differences = (own: readonly string[]) =>
    own.filter((line) => !head.includes(line)).length + head.filter((line) => !own.includes(line)).length
  return known.every((own) => differences(own) >= UNLIKE)
}
