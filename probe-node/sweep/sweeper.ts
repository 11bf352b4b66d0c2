import { Worker } from 'node:worker_threads'
import { type FromThread, obey, type ToThread } from './orders.ts'
import { openSockets } from './sockets.ts'
import { type Sweep, type SweepEvents, type SweepJob, type SweepOutcome, startSweep } from './sweep.ts'

/** A sweep, however many threads it takes. */
export interface Sweeper {
  /** Carries out one job; a second one only after the first has ended. Rejects when a thread died. */
  sweep(job: SweepJob, events: SweepEvents): Promise<SweepOutcome>
  /** Ends the job in hand early, with what it has. */
  stop(): void
  spare(port: number): void
  close(): Promise<void>
}

/**
 * `helpers` threads beside this one; each takes its part of every job, and what one learns of the way the others are
 * told. This thread sweeps too: a thread of its own costs 20 MB, and a batch of answers keeps this one busy for a few
 * milliseconds at most, which no timer here notices.
 */
export function openSweeper(helpers: number): Sweeper {
  const threads = [hereThread(), ...Array.from({ length: helpers }, openThread)]
  const count = threads.length
  const tellAll = (message: ToThread) => {
    for (const { tell } of threads) tell(message)
  }
  return {
    async sweep(job, events) {
      const done = threads.map(() => 0)
      const outcomes = await Promise.all(
        threads.map(async (thread, i) => {
          const outcome = await thread.sweep(partOf(job, i, count), {
            onOpen(port, agoMs) {
              for (const other of threads) if (other !== thread) other.tell({ do: 'known', port, agoMs })
              events.onOpen(port, agoMs)
            },
            onProgress(next) {
              done[i] = next
              events.onProgress(done.reduce((sum, one) => sum + one, 0))
            },
          })
          // The way is lost for all: what the others go on trying would count for nothing.
          if (outcome.end === 'reach_lost') tellAll({ do: 'stop', end: 'reach_lost' })
          return outcome
        }),
      )
      return joined(outcomes)
    },
    stop: () => tellAll({ do: 'stop', end: 'aborted' }),
    spare: (port) => tellAll({ do: 'spare', port }),
    async close() {
      await Promise.all(threads.map((thread) => thread.close()))
    },
  }
}

/** Every `count`th port, and as large a part of the sockets and the rate. */
const partOf = (job: SweepJob, i: number, count: number): SweepJob => ({
  ...job,
  order: count === 1 ? job.order : job.order.filter((_, n) => n % count === i),
  maxConnectsPerSecond: job.maxConnectsPerSecond / count,
  maxOpen: Math.max(1, Math.floor(job.maxOpen / count)),
})

const WORST_FIRST = ['reach_lost', 'exhausted', 'aborted', 'done'] as const

function joined(outcomes: readonly SweepOutcome[]): SweepOutcome {
  const [first] = outcomes
  if (outcomes.length === 1 && first) return first
  const sum = (of: 'refused' | 'silent' | 'unreachable') => outcomes.reduce((all, one) => all + one[of], 0)
  const ports = (of: 'untested' | 'again') => Uint16Array.from(outcomes.flatMap((one) => [...one[of]]))
  return {
    end: WORST_FIRST.find((end) => outcomes.some((one) => one.end === end)) ?? 'done',
    open: outcomes.flatMap(({ open }) => open),
    refused: sum('refused'),
    silent: sum('silent'),
    unreachable: sum('unreachable'),
    untested: ports('untested'),
    again: ports('again'),
    refusedPort: outcomes.find(({ refusedPort }) => refusedPort !== null)?.refusedPort ?? null,
    suspects: [...new Set(outcomes.flatMap(({ suspects }) => suspects))],
    rttMs: first?.rttMs ?? null,
  }
}

interface Thread {
  sweep(job: SweepJob, events: SweepEvents): Promise<SweepOutcome>
  tell(message: ToThread): void
  close(): Promise<void>
}

/** The part of this thread. */
function hereThread(): Thread {
  let sweep: Sweep | null = null
  return {
    sweep(job, events) {
      sweep = startSweep(job, openSockets, events)
      return sweep.outcome
    },
    tell(message) {
      if (message.do !== 'sweep') obey(sweep, message)
    },
    close: async () => sweep?.stop(),
  }
}

/** Its heap is small: the sweep works on typed arrays. */
function openThread(): Thread {
  const worker = new Worker(new URL('./thread.ts', import.meta.url), {
    name: 'sweep',
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 1 },
  })
  let failure: Error | null = null
  let current: {
    events: SweepEvents
    resolve: (outcome: SweepOutcome) => void
    reject: (error: Error) => void
  } | null = null
  const tell = (message: ToThread) => worker.postMessage(message)
  const die = (error: Error) => {
    failure ??= error
    current?.reject(failure)
    current = null
  }
  worker.on('error', die)
  worker.on('exit', (code) => die(new Error(`the sweep thread ended with code ${code}`)))
  worker.on('message', (message: FromThread) => {
    if (message.say === 'open') current?.events.onOpen(message.port, message.agoMs)
    else if (message.say === 'progress') current?.events.onProgress(message.done)
    else {
      current?.resolve(message.outcome)
      current = null
    }
  })
  return {
    sweep: (job, events) =>
      new Promise((resolve, reject) => {
        if (failure) return reject(failure)
        current = { events, resolve, reject }
        tell({ do: 'sweep', job })
      }),
    tell,
    async close() {
      failure ??= new Error('the sweep thread was closed')
      await worker.terminate()
    },
  }
}
