/** Whether an allowlist can know a range: the ranges that were announced, or came into use, after it was last known to be whole. */
import { contains, parseAddress, parseCidr } from '../../schema/address.ts'
import type { OutdatedBy } from '../../schema/proof.ts'
import type { RangeState } from '../../schema/words.ts'

export interface DriftRange {
  id: string
  cidr: string
  site: string
  state: RangeState
  isPublic: boolean
  announcedAt: number
  activeFrom: number
}

export interface DriftTarget {
  /** literal address, or a name */
  isPrivate: boolean
  /** null for a name: it may have both */
  family: 4 | 6 | null
  /** the sites that may scan it; empty: all */
  sites: readonly string[]
  provedAt: number | null
  /** when the last scan from each site ended clear, by site; null where none has */
  clearAt: Readonly<Record<string, number | null>>
}

/** Since when scans from every site have ended clear; null where from some none has. */
function clearSince({ sites, clearAt }: Pick<DriftTarget, 'sites' | 'clearAt'>): number | null {
  const scanning = sites.length > 0 ? sites : Object.keys(clearAt)
  const ends = scanning.map((site) => clearAt[site] ?? null)
  return ends.length > 0 && ends.every((at) => at !== null) ? Math.min(...(ends as number[])) : null
}

/** Since when the allowlist is known to be whole: the last green proof, or clear scans from every site. Null: never. */
export function knownSince(target: DriftTarget): number | null {
  const both = [target.provedAt, clearSince(target)].filter((at) => at !== null)
  return both.length > 0 ? Math.max(...both) : null
}

/**
 * The ranges that this target's allowlist cannot know, by when they are used. What is `listed` already stays so after a green
 * proof that did not look from there: one that did has struck it off.
 */
export function outdatedBy(
  target: DriftTarget,
  ranges: readonly DriftRange[],
  listed: readonly Pick<OutdatedBy, 'rangeId'>[] = [],
): OutdatedBy[] {
  const since = knownSince(target)
  if (since === null) return []
  const clear = clearSince(target) ?? 0
  const waits = new Set(listed.map(({ rangeId }) => rangeId))
  return ranges
    .filter(({ state }) => state === 'announced' || state === 'active')
    .filter(({ site }) => target.sites.length === 0 || target.sites.includes(site))
    .filter(({ isPublic }) => isPublic || target.isPrivate)
    .filter(({ cidr }) => target.family === null || (cidr.includes(':') ? 6 : 4) === target.family)
    .filter(({ id, announcedAt, activeFrom }) => Math.max(announcedAt, activeFrom) > (waits.has(id) ? clear : since))
    .map(({ id, cidr, site, activeFrom }) => ({ rangeId: id, cidr, site, from: activeFrom }))
    .toSorted((a, b) => a.from - b.from || (a.cidr < b.cidr ? -1 : 1))
}

/** A green proof: when it began, the addresses that looked, and those that they reached. */
export interface GreenProof {
  at: number
  sources: readonly string[]
  addresses: readonly string[]
}

/** After a green proof: what is used only later, and what none of its addresses lies in, it says nothing of. */
export function stillOutdated(list: readonly OutdatedBy[], { at, sources, addresses }: GreenProof): OutdatedBy[] {
  const from = sources.map(parseAddress).filter((one) => one !== null)
  const families = new Set(addresses.map((one) => parseAddress(one)?.family))
  const isTested = (text: string): boolean => {
    const cidr = parseCidr(text)
    // No scan of this target comes from a family that it has no address of.
    return cidr !== null && (!families.has(cidr.family) || from.some((one) => contains(cidr, one)))
  }
  return list.filter((one) => one.from > at || !isTested(one.cidr))
}
