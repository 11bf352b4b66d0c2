import { type Address, parseAddress, refusal } from '../schema/address.ts'
import type { Observation, TouchTarget } from '../schema/wire.ts'
import { isLoss, type Purpose, type Unmade } from '../schema/words.ts'
import type { Touched, TouchOptions } from './checks/check.ts'
import { CHECK_BY_NAME } from './checks/index.ts'
import { isExhaustion } from './fault.ts'
import { isStalled } from './fit.ts'
import { type HeldRun, LAPSED } from './lease.ts'
import { isPage } from './memory.ts'
import { bindingFor } from './source.ts'
import type { World } from './world.ts'

/** A touch that is wanted. Its observation still lacks the number that the report gives it. */
export interface Wanted {
  target: TouchTarget
  purpose: Purpose
  timeoutMs: number
  /** nothing is sent for it without its lease */
  run: Pick<HeldRun, 'scanId' | 'lease'>
  name: string | null
  round?: number
  experiment?: Observation['experiment']
  /** the scanner's own engagement is not held to the ration */
  isEngagement?: boolean
}
export type Seen = Omit<Observation, 'n'>

/** Why we may not touch this address; null when we may. Asked before any packet, whatever the plan says. */
export function whyNot(
  { allowPrivate, sourceAddress }: Pick<World, 'allowPrivate' | 'sourceAddress'>,
  address: string,
): string | null {
  const parsed = parseAddress(address)
  if (!parsed || parsed.text !== address) return `${address.slice(0, 45)} is not a canonical address`
  if (sourceAddress.includes(':') !== (parsed.family === 6))
    return `${address} is not of the family of our source address`
  return refusal(parsed, { allowPrivate })?.detail ?? null
}

/** One touch: check, lease, ration, what was seen, and whether we were fit to see it. Never rejects. */
export async function touch(world: World, wanted: Wanted): Promise<Seen> {
  const { target, purpose } = wanted
  const at = world.clock.now()
  const base = {
    purpose,
    check: target.check,
    address: target.address,
    port: target.port,
    at,
    service: target.service,
    ...(wanted.round === undefined ? {} : { round: wanted.round }),
    ...(wanted.experiment === undefined ? {} : { experiment: wanted.experiment }),
  }
  const unseen = (code: Unmade): Seen => ({ ...base, sight: 'probe_fault', code, afterMs: 0, fit: false })
  if (whyNot(world, target.address)) return unseen('REFUSED_BY_PROBE')
  if (!wanted.run.lease.isHeld()) return unseen(LAPSED)
  if (!wanted.isEngagement && !world.ration.take(target, target.service)) return unseen('RATION')

  const started = performance.now()
  const touched = await CHECK_BY_NAME[target.check](await optionsFor(world, wanted))
  world.counters.touches += 1
  const seen: Seen = { ...base, ...factsOf(world, wanted, touched, world.fit.lagSince(started)) }
  if (seen.fit !== false) world.memory.saw(wanted.run.scanId, target, seen)
  return seen
}

/** The options of a check for this target, bound to our source address. */
export async function optionsFor(
  world: World,
  {
    target,
    name,
    timeoutMs,
    run: { scanId, lease },
    experiment,
  }: Pick<Wanted, 'target' | 'name' | 'timeoutMs' | 'run' | 'experiment'>,
): Promise<TouchOptions> {
  const { family } = parseAddress(target.address) as Address
  return {
    address: target.address,
    family,
    port: target.port,
    source: await bindingFor(world.sourceAddress, target.address, family),
    name,
    service: target.service,
    timeoutMs,
    turn: async () => {
      await world.brake.turn(target.address, scanId)
      return lease.isHeld()
    },
    userAgent: world.knock.userAgent(),
    knock: (authority) => world.knock.lines(authority, scanId),
    // The last rung of the ladder: the rounds have asked by HEAD.
    ...(experiment === 'E8' ? { method: 'GET' as const } : {}),
  }
}

/** What a check saw, in the words of the wire. */
export function factsOf(
  world: World,
  { run: { scanId }, target, timeoutMs }: Pick<Wanted, 'run' | 'target' | 'timeoutMs'>,
  touched: Touched,
  lagMs: number,
): Pick<Seen, 'check' | 'sight' | 'afterMs'> & Partial<Seen> {
  const { check, afterMs, code, syscall, connectMs, firstBytes, httpStatus, identity } = touched
  if (code && isExhaustion(code)) world.fit.exhausted(code)
  const isBlocked = touched.sight === 'open' && isPage(touched, world.memory.first(scanId, target, touched))
  const sight = isBlocked ? 'page' : touched.sight
  // Only a silence can be made by our own stall: bytes and resets are what they are.
  const isSilence = sight === 'unresponsive' || sight === 'mute'
  const isUnfit = sight === 'probe_fault' || (isLoss(sight) && isSilence && isStalled(lagMs, timeoutMs))
  return {
    check,
    sight,
    afterMs: Math.min(120_000, Math.max(0, afterMs)),
    ...(code ? { code } : {}),
    ...(syscall ? { syscall } : {}),
    ...(connectMs === undefined ? {} : { connectMs: Math.min(120_000, connectMs) }),
    ...(firstBytes ? { firstBytes: Buffer.from(firstBytes).toString('base64') } : {}),
    ...(httpStatus ? { httpStatus } : {}),
    ...(identity ? { identity } : {}),
    ...(isUnfit ? { fit: false } : {}),
  }
}
