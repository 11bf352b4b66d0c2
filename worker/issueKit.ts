/** An issue → what its owner's allowlist must hold: the target, what it lost, and the addresses that scan it. */
import { type Address, parseAddress } from '../schema/address.ts'
import type { PanelMember } from '../schema/facts.ts'
import type { PortVerdict } from '../schema/judgement.ts'
import { fittingFormats } from './allowlist/fitting.ts'
import { type Entry, entriesOf, type Kit } from './allowlist/kit.ts'
import { reaching, sourceIs } from './core/ranges/reaching.ts'
import type { Format } from './core/remedies/remedy.ts'
import type { Db } from './store/db.ts'
import { type Issue, listOccurrences } from './store/issues.ts'
import { listRanges, type Range } from './store/ranges.ts'
import { readPanel, readVerdicts } from './store/scanLines.ts'
import { readTarget, type Target } from './store/targets.ts'

/** Lost endpoints that are looked at: a verdict can be 5 kB. */
const ENDPOINTS = 200

export interface IssueKit {
  kit: Omit<Kit, 'list' | 'expiresAt' | 'madeAt'>
  /** the scanner's first */
  sites: string[]
  fitting: Format[]
  ranges: readonly Range[]
}

/** What a kit is made of: what is known of the issue's target, and of the scan that saw it last. */
export interface KitFacts {
  issueId: string
  target: Pick<Target, 'name' | 'address' | 'sites'> | null
  panel: readonly PanelMember[]
  /** of that scan, those that were lost */
  endpoints: readonly { address: string; port: number }[]
  /** what it says of them */
  verdicts: readonly PortVerdict[]
  ranges: readonly Range[]
}

/** `readIssue` has found the issue in this tenant. */
export async function issueKit(db: Db, tenantId: string, issue: Issue): Promise<IssueKit> {
  const [target, panel, seen, ranges] = await Promise.all([
    readTarget(db, tenantId, issue.targetId),
    readPanel(db, tenantId, issue.lastScanId),
    listOccurrences(db, tenantId, issue.id, { limit: ENDPOINTS, cursor: null }),
    listRanges(db),
  ])
  const endpoints = seen.items.filter(({ scanId }) => scanId === seen.items[0]?.scanId)
  const verdicts = [...(await readVerdicts(db, tenantId, endpoints)).values()]
  return kitOf({ issueId: issue.id, target, panel: panel?.panel ?? [], endpoints, verdicts, ranges })
}

/** The same from facts that are at hand. */
export function kitOf({ issueId, target, panel, endpoints, verdicts, ranges }: KitFacts): IssueKit {
  const scanner = panel.find(({ role }) => role === 'scanner') ?? null
  const addresses = addressesOf(endpoints.map(({ address }) => address))
  const targets = addresses.length > 0 ? addresses : addressesOf([target?.address ?? ''])
  const sources = addressesOf(panel.map(({ sourceAddress }) => sourceAddress))
  const open = reaching(ranges, { targets, sources })
  const sites = sitesOf(scanner?.site ?? null, target?.sites ?? [], open)
  const source = scanner ? parseAddress(scanner.sourceAddress) : null
  const standing = source && sourceIs(source, ranges, targets)
  const own = standing === 'ours' ? source : null
  return {
    sites,
    ranges,
    fitting: fittingFormats(verdicts),
    kit: {
      entries: entriesFor(open, sites, own, scanner?.site ?? ''),
      situation: {
        issueId,
        target: target?.name ?? target?.address ?? addresses[0]?.text ?? 'a removed target',
        addresses,
        ports: [...new Set(endpoints.map(({ port }) => port))].sort((a, b) => a - b),
        services: [...new Set(verdicts.map(({ service }) => service))],
        scanner: own,
        gone: standing === 'gone' ? source : null,
        isPolicy: isPolicy(verdicts),
      },
    },
  }
}

const addressesOf = (texts: readonly string[]): Address[] =>
  [...new Set(texts)].flatMap((text) => parseAddress(text) ?? [])

const isPolicy = (verdicts: readonly PortVerdict[]): boolean =>
  verdicts.length > 0 && verdicts.every(({ cause }) => cause?.class === 'firewall_policy')

/** A target without sites of its own is scanned from whichever is free: then all of them. */
function sitesOf(scanner: string | null, wished: readonly string[], ranges: readonly Range[]): string[] {
  const others = wished.length > 0 ? wished : [...new Set(ranges.map(({ site }) => site))].sort()
  return [...new Set([...(scanner === null ? [] : [scanner]), ...others])]
}

/** The address that scanned is in it wherever its range is said to be. */
function entriesFor(ranges: readonly Range[], sites: readonly string[], source: Address | null, site: string): Entry[] {
  const own = source ? [{ cidr: `${source.text}/${source.family === 4 ? 32 : 128}`, site, country: null }] : []
  return entriesOf([...ranges.filter((range) => sites.includes(range.site)), ...own])
}
