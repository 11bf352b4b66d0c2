import { parseCidr } from '../schema/address.ts'
import { judge } from './flow.ts'
import { batch } from './store/db.ts'
import { endRuns } from './store/runs.ts'
import { askCancel, askCancelAll, endUnbegun, type Scan } from './store/scans.ts'
import { setStopped } from './store/settings.ts'
import { askCancelOf } from './store/withdrawn.ts'
import { askCancelIn, askCancelUnproved } from './withdrawn.ts'
import type { World } from './world.ts'

/** As many are wound up by the request that stops them; cron does the rest, which is stopped as well. */
const TO_WIND = 30

/** Stops a scan: what nobody holds ends now, what a probe holds is told so at its next renewal. No harm when it has ended. */
export async function cancelScan(world: World, tenantId: string, scanId: string): Promise<void> {
  const scan = await askCancel(world.db, tenantId, scanId)
  if (scan) await wind(world, scan)
}

async function wind(world: World, scan: Scan): Promise<void> {
  if (scan.scannerProbeId === '') return endUnbegun(world.db, scan, { state: 'cancelled', failure: null }, world.now)
  await batch(world.db, [endRuns(world.db, scan.tenantId, scan.id, world.now, { held: false })])
  world.ring(scan.panel.map((member) => member.probeId))
  await judge(world, scan.tenantId, scan.id)
}

/** What runs against a target that was removed: scans, proof, recovery. */
export const cancelOfTarget = async (world: World, tenantId: string, targetId: string): Promise<void> =>
  windEach(world, await askCancelOf(world.db, tenantId, targetId))

/** What runs, of any tenant, against a network that opted out. */
export const cancelInNetwork = async (world: World, cidr: string): Promise<void> =>
  windEach(world, await askCancelIn(world, [cidr]))

/** What runs, of this tenant, against a network that it may not scan any more, unless control is proved otherwise. */
export async function withdrawFrom(world: World, tenantId: string, cidr: string): Promise<void> {
  const network = parseCidr(cidr)
  if (network) await windEach(world, await askCancelUnproved(world, tenantId, network))
}

async function windEach(world: World, asked: readonly Scan[]): Promise<void> {
  // Of one that has ended only the recovery goes on: its mark is enough.
  for (const scan of asked.filter(({ finishedAt }) => finishedAt === null).slice(0, TO_WIND)) await wind(world, scan)
}

/**
 * The kill switch. Stopping cancels every scan of every tenant and calls their probes, which stop at once; one that hears no
 * bell learns it at its next renewal. Lifting it lets new scans begin.
 */
export async function switchAll(world: World, stopped: boolean): Promise<void> {
  await setStopped(world.db, stopped, world.now)
  if (!stopped) return
  const asked = await askCancelAll(world.db)
  world.ring(asked.flatMap(({ panel }) => panel.map(({ probeId }) => probeId)))
  for (const scan of asked.slice(0, TO_WIND)) await wind(world, scan)
}
