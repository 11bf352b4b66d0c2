import { rejudge } from './rejudge.ts'
import { doubted, settleDoubt } from './store/trust.ts'
import type { World } from './world.ts'

/** Judges again what rests on a probe that is not believed any more; a few at a tick, for each is read whole. */
export async function clearDoubts(world: World, most: number): Promise<void> {
  for (const { tenantId, id } of await doubted(world.db, world.now, most)) {
    await rejudge(world, tenantId, id)
    await settleDoubt(world.db, tenantId, id)
  }
}
