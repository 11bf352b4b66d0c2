import { markSent, unsent } from './store/outbox.ts'
import type { World } from './world.ts'

/** Within the bound of parameters of one statement. */
const A_BATCH = 50

/**
 * Settles what waits in the outbox, oldest first. A notice is settled when everyone who wants it has it; a tenant with no
 * channel wants none, so that the outbox does not grow where nobody listens.
 */
export async function sendNotices({ db, now }: World): Promise<void> {
  const waiting = await unsent(db, A_BATCH)
  for (const tenantId of new Set(waiting.map((notice) => notice.tenantId))) {
    const ids = waiting.filter((notice) => notice.tenantId === tenantId).map((notice) => notice.id)
    await markSent(db, tenantId, ids, now)
  }
}
