/** Which addresses may be touched: asked when they are written down, and again when a scan begins. */
import { type Address, isPublic, refusal } from '../schema/address.ts'
import { standingOf } from './core/control.ts'
import { badField, type FailureCode } from './failure.ts'
import { readControls } from './store/controls.ts'
import { readLetters } from './store/letters.ts'
import { readOptOuts } from './store/optOuts.ts'
import type { World } from './world.ts'

/** Why an address is not touched; null when it may be. */
export type Touchable = (address: Address) => { code: FailureCode; detail: string } | null

/** Whom the test is for: control is proved by tenant. */
type Asking = Pick<World, 'db' | 'allowPrivate' | 'now'>

/**
 * The test as it stands now, for these addresses of a tenant and no others: special and private ones, opt-outs, proof of
 * control.
 */
export async function touchableNow(world: Asking, tenantId: string, addresses: readonly Address[]): Promise<Touchable> {
  const mayKnock = await knockableNow(world)
  const wanted = addresses.filter((address) => isPublic(address))
  const isProved = wanted.length > 0 ? await provedNow(world, tenantId, wanted) : () => false
  return (address) => {
    const refused = mayKnock(address)
    if (refused || !isPublic(address) || isProved(address)) return refused
    return {
      code: 'unproved_address',
      detail: `Nobody has proved control of ${address.text}: a public address is not scanned before. \`portwitness verify\` shows how to prove it.`,
    }
  }
}

/** The same for an address of which control is still to be proved: one GET may be sent there. */
export async function knockableNow({ db, allowPrivate }: Pick<World, 'db' | 'allowPrivate'>): Promise<Touchable> {
  const isOut = await readOptOuts(db)
  return (address) => {
    const refused = refusal(address, { allowPrivate })
    if (refused) return refused
    return isOut(address)
      ? { code: 'opted_out', detail: `The owner of ${address.text} asked not to be scanned.` }
      : null
  }
}

async function provedNow(
  { db, now }: Asking,
  tenantId: string,
  addresses: readonly Address[],
): Promise<(address: Address) => boolean> {
  const [proofs, letterFor] = await Promise.all([
    readControls(
      db,
      tenantId,
      addresses.map(({ text }) => text),
    ),
    readLetters(db, tenantId, now),
  ])
  return (address) => {
    const { state } = standingOf(address, proofs.get(address.text) ?? null, letterFor(address), now)
    return state === 'proved' || state === 'failing'
  }
}

/** Throws the first refusal, under the name of the field that holds the address. */
export function mustBeTouchable(touchable: Touchable, addresses: readonly Address[], field: string): void {
  for (const address of addresses) {
    const refused = touchable(address)
    if (refused) throw badField(refused.code, field, refused.detail)
  }
}
