import { lookup } from 'node:dns/promises'
import type { Beacon } from '../schema/wire.ts'
import { CHECK_BY_NAME } from './checks/index.ts'
import { bindingFor } from './source.ts'
import type { Seen } from './touch.ts'
import type { World } from './world.ts'

/**
 * Touches what must answer if we are fit: a beacon of the plan, else the Worker's own /healthz. Null when there is
 * nothing to touch because the Worker's name has no address: that too is a probe that cannot see, so it says so.
 */
export async function touchBeacon(
  world: World,
  beacons: readonly Beacon[],
  { round, timeoutMs }: { round?: number; timeoutMs: number },
): Promise<Seen> {
  const at = world.clock.now()
  const listener = beacons[Math.floor(Math.random() * beacons.length)]
  const { address, port, check, name } = listener
    ? { ...listener, check: 'tcp' as const, name: null }
    : await ownDoor(world.url)
  const base = { purpose: 'beacon' as const, check, address, port, at, ...(round === undefined ? {} : { round }) }
  if (address === '') {
    world.fit.beacon(false)
    return { ...base, address: '0.0.0.0', sight: 'probe_fault', code: 'ENOTFOUND', afterMs: 0, fit: false }
  }
  const family = address.includes(':') ? 6 : 4
  const source = await bindingFor(world.sourceAddress, address, family)
  const touched = await CHECK_BY_NAME[check]({
    address,
    family,
    port,
    source,
    name,
    service: 'unknown',
    timeoutMs,
    userAgent: world.userAgent,
    path: '/healthz',
  })
  world.fit.beacon(touched.sight === 'open')
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

async function ownDoor(
  url: URL,
): Promise<{ address: string; port: number; check: 'http' | 'https'; name: string | null }> {
  const isSecure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const address = await lookup(host).then(
    (found) => found.address,
    () => '',
  )
  const port = url.port === '' ? (isSecure ? 443 : 80) : Number(url.port)
  return { address, port, check: isSecure ? 'https' : 'http', name: address === host ? null : host }
}
