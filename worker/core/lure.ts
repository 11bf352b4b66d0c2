/**
 * A lure: random high ports did not accept the scanner when the scan began, and do so later. Something answers it in the host's
 * place then, on every port, as a honeypot does for whoever scans.
 */
export interface PhantomLook {
  id: string
  at: number
  accepted: boolean
}
export type PhantomLooks = ReadonlyMap<string, readonly PhantomLook[]>

/** Five are touched at a time (probe-node/scan/discover.ts): one may be a service. */
const MOST_OF_THEM = 4
/** Those of one time. */
const TOGETHER_MS = 2_000

/** The touches that accepted after others had not; empty where no lure is seen. `looks`: of one address, in order of time. */
export function lureIn(looks: readonly PhantomLook[] = []): readonly PhantomLook[] {
  const [first] = looks
  if (!first) return []
  const isFirst = ({ at }: PhantomLook) => at <= first.at + TOGETHER_MS
  if (looks.filter((look) => isFirst(look) && !look.accepted).length < MOST_OF_THEM) return []
  const later = looks.filter((look) => !isFirst(look) && look.accepted)
  return later.length < MOST_OF_THEM ? [] : later
}
