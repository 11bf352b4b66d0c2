import { Failure } from './failure.ts'
import { rejudge } from './rejudge.ts'
import { causeOf } from './store/db.ts'
import { doubted, settleDoubt } from './store/trust.ts'
import type { World } from './world.ts'

/** Judges again what rests on a probe that is not believed any more; a few at a tick, for each is read whole. */
export async function clearDoubts(world: World, most: number): Promise<void> {
  for (const { tenantId, id } of await doubted(world.db, world.now, most)) {
    try {
      await rejudge(world, tenantId, id)
    } catch (error) {
      // Its facts are forgotten, or it is gone: nothing can be judged again. Another fault is tried again, and keeps no other waiting.
      if (!(error instanceof Failure)) {
        console.error(JSON.stringify({ event: 'doubt.failed', scan: id, error: causeOf(error) }))
        continue
      }
    }
    await settleDoubt(world.db, tenantId, id)
  }
}
