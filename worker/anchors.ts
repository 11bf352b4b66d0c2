import { type Address, networkOf, parseAddress } from '../schema/address.ts'
import { isRationed } from '../schema/service.ts'
import type { Service } from '../schema/words.ts'
import type { Scan } from './store/scans.ts'
import { readNeighbours, type Target } from './store/targets.ts'
import { touchableNow } from './touchable.ts'
import type { World } from './world.ts'

/** A few are enough to show that the way is alive. */
const MOST = 4

/**
 * The anchors of a scan: those that the target names, or else open ports of the tenant's other targets beside it, as they were
 * last seen. They stand near the target, and what holds for its own address holds for them on the day: a public one is touched
 * only while the tenant's control of it is proved.
 */
export async function anchorsFor(
  world: Pick<World, 'db' | 'allowPrivate' | 'now'>,
  target: Target,
  networks: readonly string[],
): Promise<Scan['anchors']> {
  const near = ({ address: text, port }: Endpoint): { address: Address; port: number }[] => {
    const address = parseAddress(text)
    return address !== null && networks.includes(networkOf(address)) ? [{ address, port }] : []
  }
  const wished = target.anchors.length > 0 ? target.anchors : await besides(world, target, networks)
  const candidates = wished.flatMap(near)
  if (candidates.length === 0) return []
  const touchable = await touchableNow(
    world,
    target.tenantId,
    candidates.map(({ address }) => address),
  )
  return candidates
    .filter(({ address }) => touchable(address) === null)
    .map(({ address, port }) => ({ address: address.text, port }))
    .slice(0, MOST)
}

type Endpoint = { address: string; port: number }

/** A calm open port of each of the tenant's other targets near by. */
async function besides(world: Pick<World, 'db'>, target: Target, networks: readonly string[]): Promise<Endpoint[]> {
  const neighbours = await readNeighbours(world.db, target.tenantId, target.id, prefixesOf(networks))
  return neighbours.flatMap(({ address, lastKnown }) => {
    const ports = Object.values(lastKnown).flatMap((site) => site.ports)
    const calm = ports.find(
      (port) => port.address === address && port.verdict === 'open' && !isRationed(port.service as Service),
    )
    return calm ? [calm] : []
  })
}

/** `203.0.113.` of `203.0.113.0/24`. IPv6 addresses have no prefix that a text begins with. */
const prefixesOf = (networks: readonly string[]): string[] =>
  networks.flatMap((network) => /^(\d+\.\d+\.\d+\.)0\/24$/.exec(network)?.[1] ?? [])
