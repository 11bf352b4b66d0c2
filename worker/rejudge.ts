import { judgeScan } from './core/judge.ts'
import { composed } from './finish.ts'
import { readSnapshot } from './store/facts.ts'
import { storeRejudgement } from './store/scans.ts'
import type { World } from './world.ts'

/**
 * Judges an ended scan again from its facts, by the rules of today, and composes its output anew. Its issue stays as it
 * is: issues follow scans, not changes of mind.
 */
export async function rejudge(world: World, tenantId: string, scanId: string): Promise<void> {
  const snapshot = await readSnapshot(world.db, tenantId, scanId)
  if (!snapshot) return
  const judgement = judgeScan(snapshot.facts, world.now)
  await storeRejudgement(world.db, snapshot.scan, judgement, await composed(world, snapshot, judgement))
}
