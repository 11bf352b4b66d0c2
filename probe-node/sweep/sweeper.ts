import type { ToThread } from './orders.ts'
import type { Sentinel } from './reach.ts'
import type { SweepEvents, SweepJob, SweepOutcome } from './sweep.ts'
import { borrowThread, hereThread, type Thread } from './threads.ts'

/** A sweep, however many threads it takes. */
export interface Sweeper {
  /**
   * Carries out one job, or as much of it as it can before the signal aborts; a second one only after the first has ended.
   * Rejects when a thread died.
   */
  sweep(job: SweepJob, events: SweepEvents, signal: AbortSignal): Promise<SweepOutcome>
  spare(port: number): void
  close(): Promise<void>
}

/**
 * `helpers` threads beside this one. All take from one list of ports, so that a thread which starts late or is slower takes
 * fewer, and what one learns of the way the others are told. This thread sweeps too: a thread of its own costs 20 MB,
 * and a batch of answers keeps this one busy for a few milliseconds at most, which no timer here notices.
 */
export function openSweeper(helpers: number): Sweeper {
  const here = hereThread()
  const threads = [here, ...Array.from({ length: helpers }, borrowThread)]
  const count = threads.length
  const tellAll = (message: ToThread) => {
    for (const { tell } of threads) tell(message)
  }
  const tellOthers = (thread: Thread, sentinel: Sentinel, agoMs: number) => {
    for (const other of threads) if (other !== thread) other.tell({ do: 'known', sentinel, agoMs })
  }
  /** No helper hears of it: one that is told to begin and to stop may touch hundreds of ports in between. */
  const untouched = (job: SweepJob, events: SweepEvents) => {
    const outcome = here.sweep(job, events)
    here.tell({ do: 'stop', end: 'aborted' })
    return outcome
  }
  return {
    async sweep(job, events, signal) {
      if (signal.aborted) return untouched(job, events)
      const done = threads.map(() => 0)
      const shared = count === 1 ? job : sharedJob(job, count)
      const sweeps = threads.map(async (thread, i) => {
        const outcome = await thread.sweep(shared, {
          onOpen(port, agoMs, rttMs) {
            tellOthers(thread, { port, kind: 'open' }, agoMs)
            events.onOpen(port, agoMs, rttMs)
          },
          onRefused: (port, agoMs) => tellOthers(thread, { port, kind: 'refused' }, agoMs),
          onProgress(next) {
            done[i] = next
            events.onProgress(done.reduce((sum, one) => sum + one, 0))
          },
        })
        // The way is lost for all: what the others go on trying would count for nothing.
        if (outcome.end === 'reach_lost' || outcome.end === 'lured') tellAll({ do: 'stop', end: outcome.end })
        return outcome
      })
      const stop = () => tellAll({ do: 'stop', end: 'aborted' })
      signal.addEventListener('abort', stop)
      const outcomes = await Promise.all(sweeps).finally(() => signal.removeEventListener('abort', stop))
      return joined(outcomes, shared.order.slice(shared.handedOut?.[0] ?? shared.order.length))
    },
    spare: (port) => tellAll({ do: 'spare', port }),
    async close() {
      await Promise.all(threads.map((thread) => thread.close()))
    },
  }
}

/** One list of ports for all; as large a part of the sockets and the rate for each. */
function sharedJob(job: SweepJob, count: number): SweepJob {
  const order = new Uint16Array(new SharedArrayBuffer(job.order.byteLength))
  order.set(job.order)
  return {
    ...job,
    order,
    handedOut: new Int32Array(new SharedArrayBuffer(4)),
    maxConnectsPerSecond: job.maxConnectsPerSecond / count,
    maxOpen: Math.max(1, Math.floor(job.maxOpen / count)),
  }
}

const WORST_FIRST = ['lured', 'reach_lost', 'exhausted', 'aborted', 'done'] as const

/** `left`: what nobody took. */
function joined(outcomes: readonly SweepOutcome[], left: Uint16Array): SweepOutcome {
  const [first] = outcomes
  if (outcomes.length === 1 && first) return first
  const sum = (of: 'connects' | 'refused' | 'silent' | 'unreachable') => outcomes.reduce((all, one) => all + one[of], 0)
  const ports = (of: 'untested' | 'again') => Uint16Array.from([...outcomes.flatMap((one) => [...one[of]]), ...left])
  return {
    end: WORST_FIRST.find((end) => outcomes.some((one) => one.end === end)) ?? 'done',
    open: outcomes.flatMap(({ open }) => open),
    connects: sum('connects'),
    refused: sum('refused'),
    silent: sum('silent'),
    unreachable: sum('unreachable'),
    untested: ports('untested'),
    again: ports('again'),
    refusedPorts: [...new Set(outcomes.flatMap(({ refusedPorts }) => refusedPorts))],
    suspects: [...new Set(outcomes.flatMap(({ suspects }) => suspects))],
    rttMs: first?.rttMs ?? null,
    trickle: outcomes.reduce((all, one) => all + one.trickle, 0),
  }
}
