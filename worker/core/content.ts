import type { EndpointEvidence, Look } from './evidence.ts'

/** What was refused of the scanner's requests: what was asked, not who asked. */
export interface ContentTest {
  /** requests shaped like attacks that were refused; `sight` says how */
  refused: readonly Look[]
  /** requests shaped like attacks, all of them */
  attacks: number
  /** plain requests of the same source that were served meanwhile and afterwards */
  served: readonly Look[]
}

/** Statuses by which firewalls turn a request away. 429 and 503 are about pace, which E4 tells. */
const REFUSING = new Set([403, 406, 418, 501, 999])
const LEAST_ATTACKS = 5
const MOST_PASS = 0.4

/**
 * The attack shapes are queries to `/`, to which a web server without a filter answers as it answers `/`. When most of them
 * are refused, and plain requests of the same source are served before and after, something reads what is asked. Null when
 * that is not seen. No other source may send them, so this is the scanner against itself: never more than likely.
 */
export function contentTest({ looks }: Pick<EndpointEvidence, 'looks'>): ContentTest | null {
  const own = looks.filter((look) => look.role === 'scanner')
  const plain = own.filter((look) => look.observation.stimulus === 'plain')
  const attacks = own.filter((look) => look.observation.stimulus === 'attack')
  const usual = plain[0]?.observation.httpStatus
  if (usual === undefined || REFUSING.has(usual) || attacks.length < LEAST_ATTACKS) return null
  const refused = attacks.flatMap((look): Look[] => {
    if (look.sight === 'mute' || look.sight === 'cut') return [look]
    const status = look.observation.httpStatus ?? 0
    return REFUSING.has(status) && status !== usual ? [{ ...look, sight: 'page', failed: true }] : []
  })
  if (attacks.length - refused.length > MOST_PASS * attacks.length) return null
  const lastAt = refused.at(-1)?.at ?? 0
  const served = plain.filter((look) => !look.failed && look.observation.httpStatus === usual)
  return served.length === plain.length && served.some((look) => look.at > lastAt)
    ? { refused, attacks: attacks.length, served }
    : null
}
