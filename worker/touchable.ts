/** Which addresses may be touched: asked when they are written down, and again when a scan begins. */
import { type SQL, sql } from 'drizzle-orm'
import { type Address, isPublic, refusal } from '../schema/address.ts'
import { standingOf } from './core/control.ts'
import { badField, type FailureCode } from './failure.ts'
import { readControls } from './store/controls.ts'
import { controlHolds, nobodyObjects } from './store/grounds.ts'
import { type Letter, readLetters } from './store/letters.ts'
import { listOptOuts, optedOutBy } from './store/optOuts.ts'
import type { World } from './world.ts'

/** Why an address is not touched; null when it may be. */
export type Touchable = (address: Address) => { code: FailureCode; detail: string } | null

/** Whom the test is for: control is proved by tenant. */
type Asking = Pick<World, 'db' | 'allowPrivate' | 'now'>

/** The test, and what of it must still hold in the write that opens something on the strength of it. */
export interface Standing {
  touchable: Touchable
  holds: SQL
}

/**
 * The test as it stands now, for these addresses of a tenant and no others: special and private ones, opt-outs, proof of
 * control.
 */
export const touchableNow = async (
  world: Asking,
  tenantId: string,
  addresses: readonly Address[],
): Promise<Touchable> => (await standingNow(world, tenantId, addresses)).touchable

export async function standingNow(world: Asking, tenantId: string, addresses: readonly Address[]): Promise<Standing> {
  const { touchable: mayKnock, holds } = await knockingNow(world)
  const wanted = addresses.filter((address) => isPublic(address))
  const { isProved, letterFor } = wanted.length > 0 ? await provedNow(world, tenantId, wanted) : NOBODY
  const grounds = wanted.map((address) => ({ address: address.text, letter: letterFor(address)?.id ?? null }))
  return {
    holds: sql`${holds} AND ${controlHolds(tenantId, grounds, world.now)}`,
    touchable: (address) => {
      const refused = mayKnock(address)
      if (refused || !isPublic(address) || isProved(address)) return refused
      return {
        code: 'unproved_address',
        detail: `Nobody has proved control of ${address.text}: a public address is not scanned before. \`portwitness verify\` shows how to prove it.`,
      }
    },
  }
}

/** The same for an address of which control is still to be proved: one GET may be sent there. */
export const knockableNow = async (world: Pick<World, 'db' | 'allowPrivate'>): Promise<Touchable> =>
  (await knockingNow(world)).touchable

export async function knockingNow({ db, allowPrivate }: Pick<World, 'db' | 'allowPrivate'>): Promise<Standing> {
  const list = await listOptOuts(db)
  const isOut = optedOutBy(list)
  return {
    holds: nobodyObjects(list),
    touchable: (address) => {
      const refused = refusal(address, { allowPrivate })
      if (refused) return refused
      return isOut(address)
        ? { code: 'opted_out', detail: `The owner of ${address.text} asked not to be scanned.` }
        : null
    },
  }
}

const NOBODY = { isProved: (_: Address) => false, letterFor: (_: Address): Letter | null => null }

async function provedNow({ db, now }: Asking, tenantId: string, addresses: readonly Address[]): Promise<typeof NOBODY> {
  const [proofs, letterFor] = await Promise.all([
    readControls(
      db,
      tenantId,
      addresses.map(({ text }) => text),
    ),
    readLetters(db, tenantId, now),
  ])
  const isProved = (address: Address) => {
    const { state } = standingOf(address, proofs.get(address.text) ?? null, letterFor(address), now)
    return state === 'proved' || state === 'failing'
  }
  return { isProved, letterFor }
}

/** Throws the first refusal, under the name of the field that holds the address. */
export function mustBeTouchable(touchable: Touchable, addresses: readonly Address[], field: string): void {
  for (const address of addresses) {
    const refused = touchable(address)
    if (refused) throw badField(refused.code, field, refused.detail)
  }
}
