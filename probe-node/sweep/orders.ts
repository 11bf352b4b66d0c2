import type { Sentinel } from './reach.ts'
import type { Sweep, SweepJob, SweepOutcome } from './sweep.ts'

/** What the main thread tells a sweep thread, and what it hears. */
export type ToThread = { do: 'sweep'; job: SweepJob } | Order
export type Order =
  | { do: 'stop'; end: 'aborted' | 'reach_lost' | 'lured' }
  | { do: 'spare'; port: number }
  /** another thread saw it accept or refuse */
  | { do: 'known'; sentinel: Sentinel; agoMs: number }
export type FromThread =
  | { say: 'open'; port: number; agoMs: number; rttMs: number }
  | { say: 'refused'; port: number; agoMs: number }
  | { say: 'progress'; done: number }
  | { say: 'end'; outcome: SweepOutcome }

/** Carries out an order on the sweep in hand, if there is one. */
export function obey(sweep: Sweep | null, order: Order): void {
  switch (order.do) {
    case 'stop':
      sweep?.stop(order.end)
      break
    case 'spare':
      sweep?.spare(order.port)
      break
    case 'known':
      sweep?.known(order.sentinel, order.agoMs)
      break
  }
}
