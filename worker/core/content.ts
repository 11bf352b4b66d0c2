import type { Purpose } from '../../schema/words.ts'
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
/** Touches that ask a web server for what the plain request asks. */
const AS_PLAIN: readonly Purpose[] = ['verify', 'recheck']
/** What fails like that beside refused attacks is no matter of what was asked; a lost packet fails otherwise. */
const isTurnedAway = ({ sight }: Look): boolean => ['mute', 'cut', 'page', 'closed'].includes(sight)
const MOST_PASS = 0.4
/** Cut off or left without a word, so many are enough where another is served between them and nothing else fails so: signatures know some shapes. */
const LEAST_CUT = 3
const isCut = ({ sight }: Look): boolean => sight === 'mute' || sight === 'cut'

/**
 * The attack shapes are queries to `/`, to which a web server without a filter answers as it answers `/`. When most of them
 * are refused, or some cut off among others that are served, and plain requests of the same source are served before and after,
 * something reads what is asked. Null when that is not seen. No other source may send them, so this is the scanner against itself:
 * never more than likely.
 */
export function contentTest({ looks }: Pick<EndpointEvidence, 'looks'>): ContentTest | null {
  const own = looks.filter((look) => look.role === 'scanner')
  const plain = own.filter((look) => look.observation.stimulus === 'plain')
  const attacks = own.filter((look) => look.observation.stimulus === 'attack')
  const usual = plain[0]?.observation.httpStatus
  if (usual === undefined || REFUSING.has(usual) || attacks.length < LEAST_ATTACKS) return null
  const refused = attacks.flatMap((look): Look[] => {
    if (isCut(look)) return [look]
    const status = look.observation.httpStatus ?? 0
    return REFUSING.has(status) && status !== usual ? [{ ...look, sight: 'page', failed: true }] : []
  })
  if (attacks.length - refused.length > MOST_PASS * attacks.length && !isPickedOut(attacks, own)) return null
  const lastAt = refused.at(-1)?.at ?? 0
  const isServed = (look: Look) => !look.failed && look.observation.httpStatus === usual
  const served = plain.filter(isServed)
  if (served.length < plain.length) return null
  if (served.some((look) => look.at > lastAt)) return { refused, attacks: attacks.length, served }
  // An alarm may end the requests before the plain one that closes them: the rounds and the re-check ask for `/`, too.
  const asked = own.filter(
    ({ at, observation: { purpose } }) => AS_PLAIN.includes(purpose) && at > (refused[0]?.at ?? 0),
  )
  const isWellSince = asked.some((look) => look.at > lastAt && isServed(look)) && !asked.some(isTurnedAway)
  return isWellSince ? { refused, attacks: attacks.length, served: [...served, ...asked.filter(isServed)] } : null
}

/** Some of them are cut off and others are served in turn, so that it is no matter of the moment; no request of another kind is cut off. */
function isPickedOut(attacks: readonly Look[], own: readonly Look[]): boolean {
  const cut = attacks.filter(isCut)
  const [first, last] = [cut[0]?.at ?? 0, cut.at(-1)?.at ?? 0]
  const isBetween = attacks.some((look) => !look.failed && look.at > first && look.at < last)
  const isOther = ({ observation: { stimulus } }: Look) => stimulus === 'plain' || stimulus === 'path'
  return cut.length >= LEAST_CUT && isBetween && !own.some((look) => isOther(look) && isCut(look))
}
