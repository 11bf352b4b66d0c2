/** Whether an allowlist can know a range: the ranges that were announced, or came into use, after it was last known to be whole. */
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

/** Since when the allowlist is known to be whole: the last green proof, or clear scans from every site. Null: never. */
export function knownSince({ provedAt, sites, clearAt }: DriftTarget): number | null {
  const scanning = sites.length > 0 ? sites : Object.keys(clearAt)
  const ends = scanning.map((site) => clearAt[site] ?? null)
  const clear = ends.length > 0 && ends.every((at) => at !== null) ? Math.min(...(ends as number[])) : null
  const both = [provedAt, clear].filter((at) => at !== null)
  return both.length > 0 ? Math.max(...both) : null
}

/** The ranges that this target's allowlist cannot know, by when they are used. */
export function outdatedBy(target: DriftTarget, ranges: readonly DriftRange[]): OutdatedBy[] {
  const since = knownSince(target)
  if (since === null) return []
  return ranges
    .filter(({ state }) => state === 'announced' || state === 'active')
    .filter(({ site }) => target.sites.length === 0 || target.sites.includes(site))
    .filter(({ isPublic }) => isPublic || target.isPrivate)
    .filter(({ cidr }) => target.family === null || (cidr.includes(':') ? 6 : 4) === target.family)
    .filter(({ announcedAt, activeFrom }) => Math.max(announcedAt, activeFrom) > since)
    .map(({ id, cidr, site, activeFrom }) => ({ rangeId: id, cidr, site, from: activeFrom }))
    .toSorted((a, b) => a.from - b.from || (a.cidr < b.cidr ? -1 : 1))
}

/** After a green proof that began then: what is used only later could not be among its addresses. */
export const stillOutdated = (list: readonly OutdatedBy[], provedAt: number): OutdatedBy[] =>
  list.filter(({ from }) => from > provedAt)
