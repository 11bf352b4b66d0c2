import { lookup } from 'node:dns/promises'
import type { Beacon } from '../schema/wire.ts'
import { CHECK_BY_NAME } from './checks/index.ts'
import { rest } from './clock.ts'
import { bindingFor } from './source.ts'
import type { Seen } from './touch.ts'
import type { World } from './world.ts'

/** The timer of a beacon. */
export const BEACON_MS = 3_000
/** No answer by then: a second try sets out beside the first. Loss of a fifth each way fails one in eight, both in sixty. */
export const BEACON_AGAIN_MS = 700

/**
 * Touches what must answer if we are fit: a beacon of the plan, else the Worker's own /healthz. A second try, of another
 * beacon where there is one, keeps loss on the way from passing for a fault of ours. When there is
 * nothing to touch because the Worker's name has no address, that too is a probe that cannot see, so it says so.
 */
export async function touchBeacon(
  world: World,
  beacons: readonly Beacon[],
  { round, timeoutMs }: { round?: number; timeoutMs: number },
): Promise<Seen> {
  const from = Math.floor(Math.random() * beacons.length)
  const doorOf = async (nth: number): Promise<Door> => {
    const listener = beacons[(from + nth) % beacons.length]
    return listener ? { ...listener, check: 'tcp', name: null } : ownDoor(world.url)
  }
  const first = tryDoor(world, await doorOf(0), timeoutMs)
  const early = await Promise.race([first, rest(BEACON_AGAIN_MS)])
  const seen = early?.sight === 'open' ? early : await either(first, tryAgain())
  world.fit.beacon(seen.sight === 'open')
  return { ...seen, ...(round === undefined ? {} : { round }) }

  async function tryAgain(): Promise<Seen> {
    return tryDoor(world, await doorOf(1), Math.max(1, timeoutMs - BEACON_AGAIN_MS))
  }
}

/** The first that is open; the first of them when none is. */
const either = async (first: Promise<Seen>, second: Promise<Seen>): Promise<Seen> => {
  const open = (one: Promise<Seen>) => one.then((seen) => (seen.sight === 'open' ? seen : Promise.reject(seen)))
  return Promise.any([open(first), open(second)]).catch(() => first)
}

async function tryDoor(world: World, { address, port, check, name }: Door, timeoutMs: number): Promise<Seen> {
  const at = world.clock.now()
  const base = { purpose: 'beacon' as const, check, address, port, at }
  if (address === '')
    return { ...base, address: '0.0.0.0', sight: 'probe_fault', code: 'ENOTFOUND', afterMs: 0, fit: false }
  const family = address.includes(':') ? 6 : 4
  const touched = await CHECK_BY_NAME[check]({
    address,
    family,
    port,
    source: await bindingFor(world.sourceAddress, address, family),
    name,
    service: 'unknown',
    timeoutMs,
    userAgent: world.knock.userAgent(),
    path: '/healthz',
  })
  const { sight, afterMs, code, connectMs, httpStatus } = touched
  return {
    ...base,
    sight,
    afterMs,
    ...(code ? { code } : {}),
    ...(connectMs === undefined ? {} : { connectMs }),
    ...(httpStatus ? { httpStatus } : {}),
  }
}

interface Door {
  address: string
  port: number
  check: 'tcp' | 'http' | 'https'
  name: string | null
}

async function ownDoor(url: URL): Promise<Door> {
  const isSecure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const address = await lookup(host).then(
    (found) => found.address,
    () => '',
  )
  const port = url.port === '' ? (isSecure ? 443 : 80) : Number(url.port)
  return { address, port, check: isSecure ? 'https' : 'http', name: address === host ? null : host }
}
