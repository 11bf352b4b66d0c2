import type { Touched } from './checks/check.ts'

/** What an endpoint did when this process first touched it in a scan: what a block page is told by. */
export interface Memory {
  /** Remembers a first answer, and says what the first one was. */
  first(scanId: string, endpoint: { address: string; port: number }, touched: Touched): First
}
export interface First {
  httpStatus: number | null
  mitigated: boolean
}

const MOST = 10_000

export function createMemory(): Memory {
  const firsts = new Map<string, First>()
  return {
    first(scanId, { address, port }, touched) {
      const key = `${scanId} ${address} ${port}`
      const now = { httpStatus: touched.httpStatus ?? null, mitigated: touched.mitigated ?? false }
      const known = firsts.get(key)
      if (known) return known
      if (now.httpStatus !== null) firsts.set(key, now)
      if (firsts.size > MOST) firsts.delete(firsts.keys().next().value as string)
      return now
    },
  }
}

/** Answers by which web servers, firewalls and limiters turn a client away. */
export const REFUSING: ReadonlySet<number> = new Set([403, 406, 429, 503])

/** HTTP was spoken, but it blocks, limits or challenges, where it did not at first. */
export const isPage = (touched: Touched, first: First): boolean =>
  (touched.mitigated === true && !first.mitigated) ||
  (touched.httpStatus !== undefined && REFUSING.has(touched.httpStatus) && first.httpStatus !== touched.httpStatus)
