/** What a proof has to repeat: all that the scans of an open issue lost, from where they lost it, and what they did before. */
import { formatPorts, portsIn } from '../schema/ports.ts'
import type { ProofIssue } from '../schema/proof.ts'
import { checkOf } from '../schema/service.ts'
import type { TouchTarget } from '../schema/wire.ts'
import { HARMLESS_VERDICTS, type Profile } from '../schema/words.ts'
import type { ProbeFacts } from './core/panel.ts'
import { type Losing, losingOf, lossesOf } from './store/losses.ts'
import { openIssuesOf } from './store/proofs.ts'
import { readScan } from './store/scans.ts'
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
      const [losses, losing] = await Promise.all([lossesOf(db, tenantId, issue.id), losingOf(db, tenantId, issue.id)])
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
        issue: {
          id: issue.id,
          lost: losses.map(({ address, port }) => ({ address, port })),
          scanners: scannersOf(losing, probes),
        },
        repeated: togetherOf(losing),
        endpoints: losses.map(({ address, port }) => {
          const service = seen.find((one) => one.address === address && one.port === port)?.service ?? 'unknown'
          return { address, port, service, check: checkOf(service) }
        }),
        reactionMs: Math.max(0, ...seen.map(({ lostAt, since }) => (lostAt ?? 0) - since)),
      }
    }),
  )
}

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

/** Whatever one of them did may be what the defence fell on: every port, the strongest profile, the highest rate. */
function togetherOf(losing: readonly Losing[]): Repeated | null {
  const [last] = losing
  if (!last) return null
  const strongest = Math.max(...losing.map(({ profile }) => BY_STRENGTH.indexOf(profile)))
  return {
    id: last.scanId,
    profile: BY_STRENGTH[strongest] ?? last.profile,
    ports: formatPorts(new Set(losing.flatMap(({ ports }) => [...portsIn(ports)]))),
    maxConnectsPerSecond: Math.max(...losing.map(({ maxConnectsPerSecond }) => maxConnectsPerSecond)),
  }
}
