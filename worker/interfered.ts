/** What a proof and a retest have to repeat: all that the scans of an open issue lost, from where they lost it, and what they did before. */
import { formatPorts, portsIn } from '../schema/ports.ts'
import type { ProofIssue } from '../schema/proof.ts'
import { checkOf } from '../schema/service.ts'
import type { TouchTarget } from '../schema/wire.ts'
import { HARMLESS_VERDICTS, type Profile } from '../schema/words.ts'
import { type ProbeFacts, RESTED_MS } from './core/panel.ts'
import type { Db } from './store/db.ts'
import { type Losing, losingOf, lossesOf } from './store/losses.ts'
import { readPanelFacts } from './store/probes.ts'
import { openIssuesOf } from './store/proofs.ts'
import { readScan, type Scan } from './store/scans.ts'
import type { Target } from './store/targets.ts'
import type { World } from './world.ts'

/** What was done to the target before it was lost, by all those scans together. */
export interface Repeated {
  /** the last of them */
  id: string
  profile: Profile
  /** canonical */
  ports: string
  maxConnectsPerSecond: number
}

export interface Interfered {
  issue: ProofIssue
  repeated: Repeated | null
  endpoints: readonly TouchTarget[]
  /** from the first sight of an endpoint to its loss, the longest, ms */
  reactionMs: number
}

/** Scans that are read for what the lost endpoints are; of those lost only by older ones no service is known. */
const MOST_READ = 12

/**
 * The open issues of interference. An issue spans sites and scans: each of them may have lost something else, from another
 * address, and a retest sweeps less than the scan whose gaps it fills, so that none of them speaks for the others.
 */
export async function interferedOf(
  { db }: World,
  { tenantId, id }: Target,
  probes: readonly ProbeFacts[],
): Promise<Interfered[]> {
  const open = (await openIssuesOf(db, tenantId, id)).filter(({ finding }) => finding === 'interference')
  return Promise.all(
    open.map(async (issue): Promise<Interfered> => {
      const { losing, endpoints, reactionMs } = await lostIn(db, tenantId, issue.id)
      return {
        issue: {
          id: issue.id,
          lost: endpoints.map(({ address, port }) => ({ address, port })),
          scanners: scannersOf(losing, probes),
        },
        repeated: togetherOf(losing),
        endpoints,
        reactionMs,
      }
    }),
  )
}

export interface Lost {
  /** the latest first */
  losing: readonly Losing[]
  /** every endpoint that was lost since the issue was opened, the latest loss first */
  endpoints: readonly TouchTarget[]
  /** from the first sight of an endpoint to its loss, the longest, ms */
  reactionMs: number
}

/** All that the scans of one issue lost. */
export async function lostIn(db: Db, tenantId: string, issueId: string): Promise<Lost> {
  const [losses, losing] = await Promise.all([lossesOf(db, tenantId, issueId), losingOf(db, tenantId, issueId)])
  const scanIds = [...new Set(losses.map(({ scanId }) => scanId))].slice(0, MOST_READ)
  const scans = (await Promise.all(scanIds.map((scanId) => readScan(db, tenantId, scanId)))).flatMap(
    (scan) => scan ?? [],
  )
  const seen = scans.flatMap((scan) =>
    (scan.judgement?.ports ?? [])
      .filter(({ verdict }) => !HARMLESS_VERDICTS.includes(verdict))
      .map((port) => ({ ...port, since: port.firstSeenOpenAt ?? scan.startedAt ?? port.lostAt ?? 0 })),
  )
  return {
    losing,
    endpoints: losses.map(({ address, port }) => {
      const service = seen.find((one) => one.address === address && one.port === port)?.service ?? 'unknown'
      return { address, port, service, check: checkOf(service) }
    }),
    reactionMs: Math.max(0, ...seen.map(({ lostAt, since }) => (lostAt ?? 0) - since)),
  }
}

/** The addresses that lost something. */
function scannersOf(losing: readonly Losing[], probes: readonly ProbeFacts[]): ProofIssue['scanners'] {
  const inUse = new Set(probes.filter(({ standing }) => standing.scans).map((probe) => probe.sourceAddress))
  const distinct = new Map(losing.map((one) => [one.sourceAddress, one]))
  return [...distinct.values()].map(({ sourceAddress, site }) => ({
    sourceAddress,
    site,
    inUse: inUse.has(sourceAddress),
  }))
}

/** From the mildest on. What another scanner did stands above all: we cannot repeat it. */
const BY_STRENGTH: readonly Profile[] = ['discovery', 'standard', 'assertive', 'accompany']

/** The scan with the strongest profile, the latest of those that are alike. */
export const strongestOf = (losing: readonly Losing[]): Losing | null =>
  losing.toSorted((a, b) => BY_STRENGTH.indexOf(b.profile) - BY_STRENGTH.indexOf(a.profile))[0] ?? null

/** Whatever one of them did may be what the defence fell on: every port, the strongest profile, the highest rate. */
function togetherOf(losing: readonly Losing[]): Repeated | null {
  const [last] = losing
  if (!last) return null
  return {
    id: last.scanId,
    profile: strongestOf(losing)?.profile ?? last.profile,
    ports: formatPorts(new Set(losing.flatMap(({ ports }) => [...portsIn(ports)]))),
    maxConnectsPerSecond: Math.max(...losing.map(({ maxConnectsPerSecond }) => maxConnectsPerSecond)),
  }
}

/**
 * The addresses that lost something of which a retest says nothing: every other one from which targets are scanned to this
 * day, and those of other sites. Null when the retest left out an endpoint that was lost, by then or since.
 */
export async function unprovedBy(
  { db, now }: World,
  { tenantId, retestOf, only, panel, addresses }: Scan,
): Promise<string[] | null> {
  if (retestOf === null) return null
  const [{ losing, endpoints }, probes] = await Promise.all([
    lostIn(db, tenantId, retestOf),
    readPanelFacts(db, addresses, now, RESTED_MS, { drained: true }),
  ])
  const isIn = (one: TouchTarget) =>
    only === null || only.some(({ address, port }) => address === one.address && port === one.port)
  if (!endpoints.every(isIn)) return null
  const own = panel.find((member) => member.role === 'scanner')
  return scannersOf(losing, probes)
    .filter((one) => one.sourceAddress !== own?.sourceAddress && (one.inUse || one.site !== own?.site))
    .map(({ sourceAddress }) => sourceAddress)
}
