import { networkOf, parseAddress } from '../schema/address.ts'
import { isRationed } from '../schema/service.ts'
import type { Service } from '../schema/words.ts'
import type { Scan } from './store/scans.ts'
import { readNeighbours, type Target } from './store/targets.ts'
import type { Touchable } from './touchable.ts'
import type { World } from './world.ts'

/** A few are enough to show that the way is alive. */
const MOST = 4

/**
 * The anchors of a scan: those that the target names, or else open ports of the tenant's other targets beside it, as they were
 * last seen. They stand near the target, and what holds for its own address holds for them on the day.
 */
export async function anchorsFor(
  world: Pick<World, 'db'>,
  target: Target,
  networks: readonly string[],
  touchable: Touchable,
): Promise<Scan['anchors']> {
  const usable = ({ address: text, port }: { address: string; port: number }): Scan['anchors'] => {
    const address = parseAddress(text)
    const isNear = address !== null && networks.includes(networkOf(address))
    return isNear && touchable(address) === null ? [{ address: address.text, port }] : []
  }
  if (target.anchors.length > 0) return target.anchors.flatMap(usable)
  const neighbours = await readNeighbours(world.db, target.tenantId, target.id, prefixesOf(networks))
  return neighbours
    .flatMap(({ address, lastKnown }) => {
      const ports = Object.values(lastKnown).flatMap((site) => site.ports)
      const calm = ports.find(
        (port) => port.address === address && port.verdict === 'open' && !isRationed(port.service as Service),
      )
      return calm ? usable(calm) : []
    })
    .slice(0, MOST)
}

/** `203.0.113.` of `203.0.113.0/24`. IPv6 addresses have no prefix that a text begins with. */
const prefixesOf = (networks: readonly string[]): string[] =>
  networks.flatMap((network) => /^(\d+\.\d+\.\d+\.)0\/24$/.exec(network)?.[1] ?? [])
