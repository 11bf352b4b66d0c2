import { judge } from './flow.ts'
import { batch } from './store/db.ts'
import { endRuns } from './store/runs.ts'
import { askCancel, askCancelAll, endUnbegun, type Scan } from './store/scans.ts'
import { setStopped } from './store/settings.ts'
import type { World } from './world.ts'

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

/** The kill switch. Stopping cancels every scan of every tenant; lifting it lets new ones begin. */
export async function switchAll(world: World, stopped: boolean): Promise<void> {
  await setStopped(world.db, stopped, world.now)
  if (!stopped) return
  for (const scan of await askCancelAll(world.db)) await wind(world, scan)
}
