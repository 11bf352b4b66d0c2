/** From a port that accepted in the sweep to one that is known: what is there, and whether it stands. */
import { firstCheck, isRationed } from '../../schema/service.ts'
import type { Found, TouchTarget } from '../../schema/wire.ts'
import { rest } from '../clock.ts'
import { clockTime, endpointText, sightText } from '../output.ts'
import { factsOf, optionsFor, type Seen } from '../touch.ts'
import type { Scan } from './context.ts'
import { type Known, WATCH_EVERY_MS } from './endpoints.ts'
import { identifyPort } from './identify.ts'
import { WATCH_TIMEOUT_MS } from './losses.ts'
import { touchFor } from './within-lease.ts'

/** A fault of our own is over when others have closed their sockets. */
const OWN_FAULT_RESTS_MS = [300, 1_000, 3_000]
const PATIENCE_MIN_MS = 200
const PATIENCE_MAX_MS = 1_000

/** What a sweep saw accept. */
export interface Accepted {
  address: string
  port: number
  at: number
  rttMs: number
  isPhantom: boolean
  brief: boolean
}

/** Waits for a machine that has run out of something of its own: a port that answered is not left out for our want of sockets. */
export async function identifyInTime(scan: Scan, accepted: Accepted): Promise<Known | null | 'not_looked'> {
  for (const ms of [...OWN_FAULT_RESTS_MS, null]) {
    const known = await identifyOne(scan, accepted)
    if (known !== 'not_looked' || ms === null || scan.ended.aborted) return known
    await rest(ms, scan.ended)
  }
  return 'not_looked'
}

async function identifyOne(
  scan: Scan,
  { address, port, at, rttMs, isPhantom, brief }: Accepted,
): Promise<Known | null | 'not_looked'> {
  const { world, plan, run, reporter, output } = scan
  const patience = Math.min(PATIENCE_MAX_MS, Math.max(PATIENCE_MIN_MS, 150 + 5 * rttMs))
  const target = { address, port, check: firstCheck(port), service: 'unknown' as const }
  const options = await optionsFor(world, {
    target,
    name: plan.name,
    run,
    timeoutMs: WATCH_TIMEOUT_MS,
  })
  await scan.pace.take(scan.ended)
  if (scan.ended.aborted) return 'not_looked'
  const startedAt = world.clock.now()
  const started = performance.now()
  const { service, touched } = await identifyPort(options, patience, brief || plan.profile === 'discovery')
  world.counters.touches += 1
  if (isRationed(service)) world.ration.count({ address, port })
  const facts = factsOf(world, { run, target, timeoutMs: WATCH_TIMEOUT_MS }, touched, world.fit.lagSince(started))
  const seen: Seen = {
    purpose: 'identify',
    address,
    port,
    at: startedAt,
    ...(service === 'unknown' ? {} : { service }),
    ...facts,
  }
  reporter.add(seen)
  output.line('Services', `${clockTime(startedAt)}  ${endpointText(target)}  ${service}  ${sightText(seen)}`)
  // Of several connects one may have been left out when the lease ran out.
  if (seen.sight === 'probe_fault' || !run.lease.isHeld()) return 'not_looked'
  // Accepted in the sweep, but not now: nobody has seen a service there. The fact is reported all the same. Others are not
  // sent there: a trap port (portsentry) accepts once, and bans for good whoever comes.
  if (seen.sight !== 'open' && seen.sight !== 'notice') return null
  if (isSilent(seen) && !isPhantom && !(await stands(scan, target))) return null
  const found: Found = {
    address,
    port,
    check: seen.check,
    service,
    firstSeenOpenAt: Math.min(at, startedAt),
    ...(seen.identity ? { identity: seen.identity } : {}),
    ...(isPhantom ? { phantom: true } : {}),
  }
  reporter.addFound(found)
  return scan.endpoints.add(found, startedAt + WATCH_EVERY_MS, seen.sight)
}

/** A trap's ban takes a moment, a busy machine's longer. */
const TRAP_MS = 1_000
/** All that is known of it is that it accepts. */
const isSilent = ({ check, sight }: Seen): boolean => check === 'tcp' && sight === 'open'

/**
 * Whether a port that accepted and said nothing still accepts a moment later: a trap port bans whoever touched it, and onlookers
 * who are sent there would be banned as well.
 */
async function stands(scan: Scan, target: TouchTarget): Promise<boolean> {
  await rest(TRAP_MS, scan.ended)
  await scan.pace.take(scan.ended)
  const again = {
    target: { ...target, check: 'tcp' as const },
    purpose: 'identify' as const,
    timeoutMs: WATCH_TIMEOUT_MS,
  }
  const seen = await touchFor(scan, again)
  if (seen.sight === 'open' || seen.sight === 'probe_fault') return true
  scan.reporter.add(seen)
  const at = clockTime(seen.at)
  scan.output.line(
    'Services',
    `${at}  ${endpointText(target)}  ${sightText(seen)}, a moment after it had accepted: nobody else is sent there`,
  )
  return false
}
