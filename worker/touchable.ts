/** Which addresses may be touched: asked when they are written down, and again when a scan begins. */
import { type Address, isPublic, refusal } from '../schema/address.ts'
import { badField, type FailureCode } from './failure.ts'
import { readOptOuts } from './store/optOuts.ts'
import type { World } from './world.ts'

/** Why an address is not touched; null when it may be. */
export type Touchable = (address: Address) => { code: FailureCode; detail: string } | null

/** The test as it stands now: special and private addresses, proof of control, opt-outs. */
export async function touchableNow(world: Pick<World, 'db' | 'allowPrivate'>): Promise<Touchable> {
  const isOut = await readOptOuts(world.db)
  return (address) => {
    const refused = refusal(address, { allowPrivate: world.allowPrivate })
    if (refused) return refused
    if (isPublic(address))
      return {
        code: 'unproved_address',
        detail: `Nobody has proved control of ${address.text}: a public address is not scanned before.`,
      }
    return isOut(address)
      ? { code: 'opted_out', detail: `The owner of ${address.text} asked not to be scanned.` }
      : null
  }
}

/** Throws the first refusal, under the name of the field that holds the address. */
export function mustBeTouchable(touchable: Touchable, addresses: readonly Address[], field: string): void {
  for (const address of addresses) {
    const refused = touchable(address)
    if (refused) throw badField(refused.code, field, refused.detail)
  }
}
