/** A scan as it is asked for, before anybody knows who will look. */
import { newId } from '../schema/ids.ts'
import { parsePorts } from '../schema/ports.ts'
import type { TouchTarget } from '../schema/wire.ts'
import type { Profile } from '../schema/words.ts'
import { badField } from './failure.ts'
import type { Scan } from './store/scans.ts'
import type { Target } from './store/targets.ts'
import type { World } from './world.ts'

/** What is asked of one scan, beyond its target. */
export interface Ask {
  site: string
  scannerProbeId: string | null
  ports: string
  profile: Profile
  accompanySeconds: number | null
  dueKey: string
  dueAt: number
  retestOf: string | null
  only: TouchTarget[] | null
  /** of a retest: the whole scan whose gaps it fills */
  fills: string | null
}

const WAIT_MS = 30 * 60_000
const DAY_MS = 24 * 3_600_000

/** The scan as it is stored before it has a panel. */
export function newScan(world: World, tenantId: string, target: Target, ask: Ask): Scan {
  const ports = parsePorts(ask.ports)
  if ('error' in ports) throw badField('invalid', 'ports', ports.error)
  return {
    tenantId,
    id: newId('scn'),
    targetId: target.id,
    site: ask.site,
    lane: ask.site,
    dueKey: ask.dueKey,
    place: 0,
    state: 'queued',
    profile: ask.profile,
    addresses: [],
    leftOut: [],
    anchors: [],
    networks: [],
    name: null,
    ports: ports.text,
    portsAsked: ports.size,
    maxConnectsPerSecond: shareOf(target),
    accompanySeconds: ask.accompanySeconds,
    only: ask.only,
    fills: ask.fills,
    scannerProbeId: '',
    panel: [],
    retestOf: ask.retestOf,
    createdAt: world.now,
    dueAt: ask.dueAt,
    startedAt: null,
    finishedAt: null,
    finishToken: null,
    readyAt: null,
    deadlineAt: ask.dueAt + WAIT_MS + DAY_MS,
    phase: null,
    alarms: [],
    steering: null,
    failureCode: null,
    failureDetail: null,
    judgement: null,
    verdict: null,
    coverageShare: null,
    judgedRev: 0,
    outputBytes: null,
    outputKey: null,
    cancelAsked: 0,
    proof: null,
    proofResult: null,
    control: null,
    connects: 0,
    isPublic: 1,
    doubtedAt: null,
    waitsFor: null,
  }
}

/** Sites may scan at the same time: the target's ceiling is for all of them together. */
export const shareOf = ({ maxConnectsPerSecond, sites }: Target): number =>
  Math.max(1, Math.floor(maxConnectsPerSecond / Math.max(1, sites.length)))
