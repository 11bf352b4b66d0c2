/** Where a target is: its address, or where its name leads. */
import { type Address, parseAddress } from '../schema/address.ts'
import { noteResolved } from './store/controls.ts'
import { batch } from './store/db.ts'
import type { Target } from './store/targets.ts'
import type { World } from './world.ts'

/** Where a target stands: its literal address, or where its name leads now, which is kept. */
export async function whereNow(world: World, target: Target): Promise<readonly Address[]> {
  const literal = parseAddress(target.address)
  if (literal) return [literal]
  const resolved = await world.resolve(target.address)
  await rememberWhere(world, target, resolved)
  return resolved
}

export async function rememberWhere({ db }: World, target: Target, resolved: readonly Address[]): Promise<void> {
  const texts = resolved.map(({ text }) => text)
  if (JSON.stringify(texts) === JSON.stringify(target.resolved)) return
  await batch(db, [noteResolved(db, target.tenantId, target.id, texts)])
}
