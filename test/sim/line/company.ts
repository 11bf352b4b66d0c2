import { LOOK_MS, TELL_MS } from '../../../probe-node/scan/company.ts'
import type { Scanner } from './scanner.ts'

/**
 * Which connections of the other scanner are completed while a port is lost to ours: probe-node/scan/company.ts, whose list of the
 * kernel holds each connection for longer than one look. `made` is told of each as it is accepted.
 */
export function startCompany(scanner: Scanner): { made: (port: number) => void } {
  const { queue } = scanner.fleet
  /** by port the connections since the last look; a port is in it from its first look on, which says nothing yet */
  const fresh = new Map<number, number>()
  const toldAt = new Map<number, number>()
  const look = () => {
    if (scanner.isOver) return
    const { scan } = scanner
    const now = scan.world.clock.now()
    const lost = scanner.run.discovered ? scan.endpoints.all().filter(({ state }) => state === 'lost') : []
    for (const port of fresh.keys()) if (!lost.some(({ target }) => target.port === port)) fresh.delete(port)
    for (const { target } of lost) {
      const { address, port, service } = target
      const count = fresh.get(port) ?? 0
      fresh.set(port, 0)
      if (count === 0 || now - (toldAt.get(port) ?? Number.NEGATIVE_INFINITY) < TELL_MS) continue
      toldAt.set(port, now)
      scan.reporter.add({
        ...{ purpose: 'company', check: 'tcp', address, port, service },
        ...{ sight: 'open', at: now, afterMs: 0 },
      })
    }
    queue.at(queue.now() + LOOK_MS, look)
  }
  look()
  return {
    made(port) {
      const count = fresh.get(port)
      if (count !== undefined) fresh.set(port, count + 1)
    },
  }
}
