import { monitorEventLoopDelay } from 'node:perf_hooks'
import { AGENT } from '../schema/version.ts'
import type { Health } from '../schema/wire.ts'
import { readCapacity } from './capacity.ts'

/**
 * May this probe accuse? A probe that was stalled, had no descriptors left, or missed its beacon says nothing about
 * the target.
 */
export interface Fitness {
  /** the worst stall of the event loop since `since` (performance.now()), in milliseconds */
  lagSince(since: number): number
  /** a beacon was touched */
  beacon(reached: boolean): void
  /** our own machine ran out of descriptors, ports or memory */
  exhausted(code: string): void
  health(spooled: number, clockOffsetMs: number): Promise<Health>
  close(): void
}

const SAMPLE_MS = 250
const KEPT = 480
const BAD_LAG_MS = 500
/** A fault of our own or a missed beacon counts against the probe for so long. */
const REMEMBER_MS = 30_000

export function watchFitness(): Fitness {
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  const samples: { at: number; maxMs: number }[] = []
  // The histogram counts the sleep itself; what is beyond the resolution is the stall.
  const stall = () => Math.max(0, delay.max / 1e6 - 10)
  const timer = setInterval(() => {
    samples.push({ at: performance.now(), maxMs: stall() })
    if (samples.length > KEPT) samples.shift()
    delay.reset()
  }, SAMPLE_MS)
  timer.unref()
  let missedBeacons = 0
  let lastMissAt = Number.NEGATIVE_INFINITY
  let fault: { code: string; at: number } | null = null
  const lagSince = (since: number) =>
    samples.reduce(
      (worst, { at, maxMs }) => (at >= since ? Math.max(worst, maxMs) : worst),
      delay.max > 0 ? stall() : 0,
    )

  return {
    lagSince,
    beacon(reached) {
      missedBeacons = reached ? 0 : missedBeacons + 1
      if (!reached) lastMissAt = performance.now()
    },
    exhausted(code) {
      fault = { code, at: performance.now() }
    },
    async health(spooled, clockOffsetMs) {
      const now = performance.now()
      const lagMs = Math.round(lagSince(now - REMEMBER_MS))
      const { openFiles, maxFiles } = await readCapacity()
      const reasons = [
        ...(lagMs > BAD_LAG_MS ? [`the process was stalled for ${lagMs} ms`] : []),
        ...(openFiles > maxFiles * 0.9 ? [`${openFiles} of ${maxFiles} file descriptors are in use`] : []),
        ...(fault && now - fault.at < REMEMBER_MS ? [`the machine answered ${fault.code}`] : []),
        ...(missedBeacons >= 2 && now - lastMissAt < REMEMBER_MS
          ? [`${missedBeacons} beacons running were not reached`]
          : []),
      ]
      const offset = Math.max(-4e9, Math.min(4e9, Math.round(clockOffsetMs)))
      return { agent: AGENT, fit: reasons.length === 0, reasons, lagMs, openFiles, clockOffsetMs: offset, spooled }
    },
    close() {
      clearInterval(timer)
      delay.disable()
    },
  }
}

/**
 * A stall this long may have turned an answer into silence: a tenth of the timer. Shorter ones cannot, as a timer that
 * fires late still lets the sockets be read first (checks/exchange.ts `afterPoll`).
 */
export const isStalled = (lagMs: number, timeoutMs: number): boolean => lagMs > Math.max(50, timeoutMs / 10)
