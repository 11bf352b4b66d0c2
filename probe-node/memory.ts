import type { Touched } from './checks/check.ts'

/** What an endpoint did when this process first touched it in a scan: what a block page is told by. */
export interface Memory {
  /** Remembers a first answer, and says what the first one was. */
  first(scanId: string, endpoint: { address: string; port: number }, touched: Touched): First
  /** The Worker knows that what it says now is its own: the next answers are learned anew. */
  relearn(scanId: string, endpoint: { address: string; port: number }): void
}
export interface First {
  httpStatus: number | null
  mitigated: boolean
  /** the steady headers of the first answers: a balancer may have several servers behind it */
  heads: readonly (readonly string[])[]
}

const MOST = 10_000
/** So many answers are taken for the service's own. */
const LEARNED = 2
/** So many steady headers must be new or gone: one may come and go with a change of the configuration. */
const UNLIKE = 2

export function createMemory(): Memory {
  const firsts = new Map<string, First & { heads: (readonly string[])[]; answers: number }>()
  const keyOf = (scanId: string, { address, port }: { address: string; port: number }) => `${scanId} ${address} ${port}`
  return {
    relearn(scanId, endpoint) {
      const known = firsts.get(keyOf(scanId, endpoint))
      if (known) Object.assign(known, { heads: [], answers: 0 })
    },
    first(scanId, endpoint, touched) {
      const key = keyOf(scanId, endpoint)
      const { httpStatus = null, mitigated = false, head } = touched
      const known = firsts.get(key)
      if (known) {
        if (head && httpStatus === known.httpStatus && known.answers++ < LEARNED) known.heads.push(head)
        return known
      }
      const now = { httpStatus, mitigated, heads: head ? [head] : [], answers: 1 }
      if (now.httpStatus !== null) firsts.set(key, now)
      if (firsts.size > MOST) firsts.delete(firsts.keys().next().value as string)
      return now
    },
  }
}

/** Answers by which web servers, firewalls and limiters turn a client away. */
export const REFUSING: ReadonlySet<number> = new Set([403, 406, 429, 503])

/** HTTP was spoken, but it blocks, limits or challenges, where it did not at first; or somebody else answers in its name. */
export const isPage = (touched: Touched, first: First): boolean =>
  (touched.mitigated === true && !first.mitigated) ||
  (touched.httpStatus !== undefined && REFUSING.has(touched.httpStatus) && first.httpStatus !== touched.httpStatus) ||
  (touched.httpStatus === first.httpStatus && isAnothers(touched.head, first.heads))

function isAnothers(head: readonly string[] | undefined, known: First['heads']): boolean {
  if (!head || known.length === 0) return false
  const differences = (own: readonly string[]) =>
    own.filter((line) => !head.includes(line)).length + head.filter((line) => !own.includes(line)).length
  return known.every((own) => differences(own) >= UNLIKE)
}
