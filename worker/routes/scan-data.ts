/** Reads what the page of a scan and the pictures of its ports show. */
import { endpointKey, type ScanFacts } from '../../schema/facts.ts'
import type { Judgement, PortVerdict } from '../../schema/judgement.ts'
import type { Seen } from '../../schema/seen.ts'
import { HARMLESS_VERDICTS, type Purpose } from '../../schema/words.ts'
import { liveOf } from '../bell.ts'
import { judgeScan } from '../core/judge.ts'
import type { Env } from '../env.ts'
import { type Album, albumOf } from '../portal/lanes/album.ts'
import type { ScanView } from '../portal/views.ts'
import { readSnapshot, type Snapshot } from '../store/facts.ts'
import type { Scan } from '../store/scans.ts'
import { readSeen, readSheet, type ScanSheet } from '../store/seen.ts'
import type { World } from '../world.ts'
import { phaseOf } from './shape.ts'

export const isLost = (port: PortVerdict): boolean => !HARMLESS_VERDICTS.includes(port.verdict)

/** Null when the tenant has no such scan. */
export async function readScanView(world: World, env: Env, tenantId: string, id: string): Promise<ScanView | null> {
  const sheet = await readSheet(world.db, tenantId, id)
  if (!sheet) return null
  const { scan, target, targetRemovedAt, counted, engagement } = sheet
  const runs = scan.finishedAt === null && scan.scannerProbeId !== ''
  const [known, live] = await Promise.all([
    runs ? nowOf(world, tenantId, id) : thenOf(world, sheet),
    scan.finishedAt === null ? liveOf(env, id) : null,
  ])
  return {
    ...scan,
    ...{ target, targetRemovedAt },
    judgement: known.judgement,
    phase: scan.finishedAt === null ? phaseOf(scan, live?.phase ?? null) : null,
    progress: live?.progress ?? null,
    isStopping: scan.finishedAt === null && scan.cancelAsked === 1,
    failure: scan.failureCode === null ? null : { code: scan.failureCode, detail: scan.failureDetail ?? '' },
    issueOf: Object.fromEntries(counted.map((each) => [endpointKey(each), each.issueId])),
    checks: Object.fromEntries(engagement.map(({ planned, done, ...each }) => [endpointKey(each), { planned, done }])),
    album: known.seen && album(sheet, known.seen, world.now),
  }
}

/** What pictures of these ports are made of; null when the tenant has no such scan. All lost ports, where none is named. */
export async function readAlbum(
  world: World,
  tenantId: string,
  id: string,
  wanted: (port: PortVerdict) => boolean,
): Promise<{ album: Album; ports: PortVerdict[] } | null> {
  const sheet = await readSheet(world.db, tenantId, id)
  if (!sheet) return null
  const { scan } = sheet
  if (scan.finishedAt === null && scan.scannerProbeId !== '') {
    const { judgement, seen } = await nowOf(world, tenantId, id)
    return { album: album(sheet, seen ?? NOTHING, world.now), ports: judgement?.ports.filter(wanted) ?? [] }
  }
  const ports = scan.judgement?.ports.filter(wanted) ?? []
  const seen = ports.length === 0 ? NOTHING : await readSeen(world.db, tenantId, id, ports)
  return { album: album(sheet, seen, world.now), ports }
}

interface Known {
  judgement: Judgement | null
  /** null where no port was lost */
  seen: Seen | null
}
const NOTHING: Seen = { touches: [], spans: [], times: [], isCut: false }

/** Of an ended scan, as it was judged. */
async function thenOf({ db }: World, { scan }: ScanSheet): Promise<Known> {
  const lost = scan.judgement?.ports.filter(isLost) ?? []
  const seen = lost.length === 0 ? null : await readSeen(db, scan.tenantId, scan.id, lost)
  return { judgement: scan.judgement, seen }
}

/** Of a running one, judged afresh: a judgement that only adds open ports is not written down. */
async function nowOf({ db, now }: World, tenantId: string, id: string): Promise<Known> {
  const snapshot = await readSnapshot(db, tenantId, id)
  if (!snapshot) return { judgement: null, seen: null }
  const judgement = judgeScan(snapshot.facts, now)
  const lost = judgement.ports.filter(isLost)
  return { judgement, seen: lost.length === 0 ? null : seenIn(snapshot, lost) }
}

/** The same as `readSeen` from a snapshot that is at hand. */
function seenIn({ facts }: Snapshot, lost: readonly PortVerdict[]): Seen {
  const wanted = new Set(lost.map(endpointKey))
  const times = new Map<Purpose, Seen['times'][number]>()
  for (const { observations } of facts.runs)
    for (const { purpose, at } of observations) {
      const known = times.get(purpose)
      times.set(purpose, { purpose, from: Math.min(at, known?.from ?? at), to: Math.max(at, known?.to ?? at) })
    }
  return {
    touches: touchesIn(facts, wanted),
    spans: facts.runs.flatMap(({ probeId, spans }) =>
      spans.flatMap((span) => (wanted.has(endpointKey(span)) ? [{ probeId, span }] : [])),
    ),
    times: [...times.values()],
    isCut: false,
  }
}

const touchesIn = (facts: ScanFacts, wanted: ReadonlySet<string>): Seen['touches'] =>
  facts.runs
    .flatMap(({ runId, probeId, observations }) =>
      observations.flatMap((touch) =>
        touch.purpose === 'beacon' || wanted.has(endpointKey(touch)) ? [{ runId, probeId, touch }] : [],
      ),
    )
    .sort((a, b) => a.touch.at - b.touch.at)

const album = ({ scan, target }: ScanSheet, seen: Seen, now: number): Album => albumOfScan(scan, target, seen, now)

/** What pictures of a scan's lost ports are made of. */
export function albumOfScan(
  scan: Pick<Scan, 'id' | 'panel' | 'alarms' | 'startedAt' | 'createdAt' | 'finishedAt'>,
  target: string,
  seen: Seen,
  now: number,
): Album {
  const alarmAt: Record<string, number> = {}
  for (const { at, lost } of scan.alarms)
    for (const endpoint of lost) {
      const key = endpointKey(endpoint)
      alarmAt[key] = Math.min(at, alarmAt[key] ?? at)
    }
  const from = scan.startedAt ?? scan.createdAt
  return albumOf({ scanId: scan.id, target, seen, panel: scan.panel, from, to: scan.finishedAt ?? now, alarmAt })
}
