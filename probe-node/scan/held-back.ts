/** A search for ports that was let through in part: the Worker has all look at a port while it goes on at that pace once more. */
import { rest } from '../clock.ts'
import type { Load } from '../loads.ts'
import { clockTime } from '../output.ts'
import { isHeldBack } from '../sweep/answers.ts'
import type { SweepEvents, SweepJob } from '../sweep/sweep.ts'
import type { Sweeper } from '../sweep/sweeper.ts'
import type { Scan } from './context.ts'
import { raiseLimit } from './losses.ts'

/** Of what a limit lets through: the watch and the panel need some of it. */
const WITHIN_LIMIT = 0.8
/** So much slower each time: what set off a ban once is likely to do so again. */
const SLOWER = 8

/**
 * Slower, so as not to provoke the same again. This is care for the target, not a way under its detector. What goes on answering a
 * part of what is asked is a limit, and says itself how much it bears.
 */
export const slower = (rate: number, trickle: number): number =>
  Math.max(1, isHeldBack(rate, trickle) ? trickle * WITHIN_LIMIT : rate / SLOWER)

/** Free when it was asked for the first time (discover.ts, ASK_WAY_MS), with the timers of some touches: hardly a ban is over so soon. */
const SOON_MS = 30_000
/** Touches of the watch amid the load would only meet what it draws. */
const WATCH_AGAIN_MS = 7_000
/** Lead, touches and tail of a load (schema/wire.ts, steps.ts) are shorter. */
const LONGEST_S = 6
const UNHEARD: SweepEvents = { onOpen: () => {}, onProgress: () => {} }

/** How a search was held back, and how it can be repeated. */
export interface HeldBack {
  address: string
  /** connects a second: asked, and answered */
  offered: number
  passed: number
  /** from the loss to the first answer after it */
  freeAfterMs: number
}

/**
 * Asks the panel, and waits for its word. False when there is nobody to ask at: no open port that may be touched freely is known.
 * What a ban took away comes back later, or was proved lost.
 */
export async function askWhose(scan: Scan, held: HeldBack, load: Load): Promise<boolean> {
  const { address, freeAfterMs } = held
  const here = scan.endpoints.all().filter(({ target, phantom }) => target.address === address && !phantom)
  // Of a proof nobody looks along.
  if (scan.plan.proof || here.some(({ state }) => state === 'lost')) return true
  if (freeAfterMs > SOON_MS && !here.some(({ letGo }) => letGo > 0)) return true
  if (!here.some(({ rationed }) => !rationed)) return false
  const takeBack = scan.world.loads.lend(scan.run.scanId, address, load)
  try {
    await raiseLimit(scan, {
      address,
      offered: Math.max(1, Math.round(held.offered)),
      passed: Math.round(held.passed),
    })
    while (scan.hold && !scan.ended.aborted) await rest(500, scan.ended)
  } finally {
    takeBack()
  }
  return true
}

/** The load begins: until it is over nothing of the address is watched. */
export function pauseWatch({ world, endpoints }: Scan, address: string): void {
  const at = world.clock.now() + WATCH_AGAIN_MS
  for (const known of endpoints.all())
    if (known.target.address === address) known.nextWatchAt = Math.max(known.nextWatchAt, at)
}

/** The search once more, over the same ports: nothing is concluded from what it hears, they are tried again later. */
export function loadOf(scan: Scan, run: Sweeper, job: Omit<SweepJob, 'maxConnectsPerSecond'>, most: number): Load {
  return async (perSecond, signal) => {
    const { world, endpoints, ended } = scan
    const within = AbortSignal.any([signal, ended, scan.run.lease.untilLapse()])
    const grant = await world.brake.sweep(job.address, Math.min(perSecond, most), within)
    pauseWatch(scan, job.address)
    const made = { connects: 0, answers: 0 }
    try {
      while (!within.aborted) {
        const ports = job.order.filter((port) => !endpoints.get({ address: job.address, port }))
        // Longer than the load lasts: between two passes a sweep rests, and what limits it would fill up again.
        const order = Uint16Array.from(
          { length: Math.ceil(perSecond * LONGEST_S) },
          (_, i) => ports[i % ports.length] ?? 0,
        )
        if (ports.length === 0) break
        const swept = { ...job, order, isUnwatched: true, maxConnectsPerSecond: grant.perSecond }
        const { connects, open, refused, end } = await run.sweep(swept, UNHEARD, within)
        scan.connects += connects
        made.connects += connects
        made.answers += open.length + refused
        if (connects === 0 || end === 'exhausted') break
      }
    } finally {
      grant.release()
      const now = clockTime(world.clock.now())
      scan.output.line('Alarms', `${now}  asked so once more: ${made.connects} connects, ${made.answers} answers`)
    }
  }
}
