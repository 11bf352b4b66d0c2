/** What must stop because its target may not be touched any more: opted out, removed, or of which control is not proved any more. */
import { type Address, type Cidr, contains, isPublic, parseAddress, parseCidr } from '../schema/address.ts'
import { readLettersOf } from './store/letters.ts'
import type { Scan } from './store/scans.ts'
import {
  askCancelAt,
  askCancelEach,
  askCancelRemoved,
  optedOutSince,
  touchedNow,
  touchedWithoutProof,
} from './store/withdrawn.ts'
import { touchableNow } from './touchable.ts'
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

/** The same of one tenant, for what lies in this network and of which control is not proved any more. */
export async function askCancelUnproved(
  world: Pick<World, 'db' | 'allowPrivate' | 'now'>,
  tenantId: string,
  network: Cidr,
): Promise<Scan[]> {
  const touched: Address[] = (await touchedNow(world.db, tenantId))
    .flatMap((text) => parseAddress(text) ?? [])
    .filter((address) => contains(network, address))
  if (touched.length === 0) return []
  const touchable = await touchableNow(world, tenantId, touched)
  const out = new Set(touched.filter((address) => touchable(address) !== null).map(({ text }) => text))
  return askCancelAt(world.db, (text) => out.has(text), tenantId)
}

/**
 * The same for what slipped in: opened while its address opted out or its target was removed, or not reached by whoever asked; and for
 * what runs on while the proof or the letter on whose strength it began has come to its end.
 */
export async function stopWithdrawn(world: Pick<World, 'db' | 'now'>): Promise<void> {
  const fresh = await optedOutSince(world.db, world.now - OPENING_MS)
  if (fresh.length > 0) await askCancelIn(world, fresh)
  await askCancelRemoved(world.db)
  await askCancelLapsed(world)
}

async function askCancelLapsed({ db, now }: Pick<World, 'db' | 'now'>): Promise<void> {
  const touched = (await touchedWithoutProof(db, now)).filter(({ address: text }) => {
    const address = parseAddress(text)
    return address !== null && isPublic(address)
  })
  if (touched.length === 0) return
  const letterFor = await readLettersOf(db, [...new Set(touched.map(({ tenantId }) => tenantId))], now)
  const out = touched.filter(({ tenantId, address: text }) => {
    const address = parseAddress(text)
    return address === null || letterFor(tenantId, address) === null
  })
  await askCancelEach(db, out)
}
