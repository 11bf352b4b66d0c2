/** A scan as it stands now. */
import type { Judgement } from '../schema/judgement.ts'
import { judgeScan } from './core/judge.ts'
import { readScanFacts } from './store/facts.ts'
import type { Scan } from './store/scans.ts'
import type { World } from './world.ts'

/**
 * The judgement of a scan: of an ended one as it was stored, of a running one made afresh from its facts, because a
 * judgement that only adds open ports is not written down. Null before the scan has begun.
 */
export async function judgementNow(world: Pick<World, 'db' | 'now'>, scan: Scan): Promise<Judgement | null> {
  if (scan.finishedAt !== null || scan.scannerProbeId === '') return scan.judgement
  const facts = await readScanFacts(world.db, scan.tenantId, scan.id)
  return facts && judgeScan(facts, world.now)
}
