import { isOwn } from '../checks/own.ts'
import { rest } from '../clock.ts'
import { madeConnections } from '../kernel-table.ts'
import { clockTime, endpointText } from '../output.ts'
import type { Scan } from './context.ts'

export const LOOK_MS = 1_000
/** Of what goes on getting through one observation in so long is enough. */
export const TELL_MS = 5_000

/**
 * While another scanner works from our address: which of its connections to a lost port are completed after the loss? A ban
 * on the address would stop them like our touches, a limit lets them through when there is room. Costs no packet. Tells
 * nothing where that scanner runs on another machine or in another network namespace, or the system has no such list.
 */
export async function watchCompany(scan: Scan, signal: AbortSignal): Promise<void> {
  /** by endpoint the source ports of connections that were already there */
  const known = new Map<string, Set<number>>()
  const toldAt = new Map<string, number>()
  while (!signal.aborted) {
    await rest(LOOK_MS, signal)
    // Before that the connections of our own sweep would pass for another's.
    const lost = scan.ready ? scan.endpoints.all().filter(({ state }) => state === 'lost') : []
    for (const key of known.keys()) if (!lost.some((one) => one.key === key)) known.delete(key)
    if (lost.length === 0 || signal.aborted) continue
    const made = await madeConnections()
    if (made === null) return
    const now = scan.world.clock.now()
    for (const { key, target } of lost) {
      const { address, port, service } = target
      const there = made
        .filter((one) => one.source === scan.world.sourceAddress && one.address === address && one.port === port)
        .filter(({ sourcePort }) => !isOwn(sourcePort, address, port))
        .map(({ sourcePort }) => sourcePort)
      const before = known.get(key)
      known.set(key, new Set([...(before ?? []), ...there]))
      const fresh = before ? there.filter((sourcePort) => !before.has(sourcePort)).length : 0
      if (fresh === 0 || now - (toldAt.get(key) ?? Number.NEGATIVE_INFINITY) < TELL_MS) continue
      toldAt.set(key, now)
      scan.reporter.add({
        purpose: 'company',
        check: 'tcp',
        address,
        port,
        service,
        sight: 'open',
        at: now,
        afterMs: 0,
      })
      scan.output.line(
        'Watch',
        `${clockTime(now)}  ${endpointText(target)}  another scanner got through from this address (${fresh} new connections)`,
      )
    }
  }
}
