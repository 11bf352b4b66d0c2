/** Which of our ranges the allowlist of one target must hold, and whether the address that scanned it is among them. */
import { type Address, contains, isPublic, parseCidr } from '../../../schema/address.ts'
import { type Range, touchesTargets } from './life.ts'

export interface Seen {
  /** where the target was scanned; none when that is not known: then it is taken for a public one */
  targets: readonly Address[]
  /** whom it was scanned and looked at from */
  sources: readonly Address[]
}

/**
 * The ranges that a target can meet: a public target the published ones, which alone can reach it; a private one the private
 * ones, and those published only where it was reached from a public address.
 */
export function reaching<R extends Pick<Range, 'isPublic' | 'purpose' | 'state'>>(
  ranges: readonly R[],
  { targets, sources }: Seen,
): R[] {
  const isPrivate = hasPrivate(targets)
  const byPublic = !isPrivate || targets.some(isPublic) || sources.some(isPublic)
  return ranges.filter((range) => touchesTargets(range) && (range.isPublic === 1 ? byPublic : isPrivate))
}

const hasPrivate = (targets: readonly Address[]): boolean => targets.some((address) => !isPublic(address))

/**
 * What the address that scanned is to an allowlist: `ours`; `gone`, when it is public and in no range that touches targets,
 * so that somebody else may have it now; `inner`, a private one that a public target never sees.
 */
export function sourceIs(
  source: Address,
  ranges: readonly Pick<Range, 'cidr' | 'purpose' | 'state'>[],
  targets: readonly Address[],
): 'ours' | 'gone' | 'inner' {
  if (!isPublic(source)) return hasPrivate(targets) ? 'ours' : 'inner'
  const isHeld = ranges.filter(touchesTargets).some(({ cidr: text }) => {
    const cidr = parseCidr(text)
    return cidr !== null && contains(cidr, source)
  })
  return isHeld ? 'ours' : 'gone'
}
