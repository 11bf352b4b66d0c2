/** What must stop because its target may not be touched any more: opted out, or removed. */
import { contains, parseAddress, parseCidr } from '../schema/address.ts'
import type { Scan } from './store/scans.ts'
import { askCancelAt, askCancelRemoved, optedOutSince } from './store/withdrawn.ts'
import type { World } from './world.ts'

/** So long after an opt-out something may still be opened by a request that had looked before it: generous, no request takes so long. */
const OPENING_MS = 5 * 60_000

/** Asks all that touches these networks to stop. Answers what was asked. */
export async function askCancelIn({ db }: Pick<World, 'db'>, cidrs: readonly string[]): Promise<Scan[]> {
  const networks = cidrs.flatMap((cidr) => parseCidr(cidr) ?? [])
  return askCancelAt(db, (text) => {
    const address = parseAddress(text)
    return address !== null && networks.some((network) => contains(network, address))
  })
}

/** The same for what slipped in: opened while its address opted out or its target was removed, or not reached by whoever asked. */
export async function stopWithdrawn(world: Pick<World, 'db' | 'now'>): Promise<void> {
  const fresh = await optedOutSince(world.db, world.now - OPENING_MS)
  if (fresh.length > 0) await askCancelIn(world, fresh)
  await askCancelRemoved(world.db)
}
