import { Worker } from 'node:worker_threads'
import { type FromThread, obey, type ToThread } from './orders.ts'
import { openSockets } from './sockets.ts'
import { type Sweep, type SweepEvents, type SweepJob, type SweepOutcome, startSweep } from './sweep.ts'

/** A thread that sweeps: this one, or a helper. */
export interface Thread {
  sweep(job: SweepJob, events: SweepEvents): Promise<SweepOutcome>
  tell(message: ToThread): void
  /** a helper with nothing in hand may be borrowed again */
  close(): Promise<void>
}

/** The part of this thread. */
export function hereThread(): Thread {
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

/** For so long a helper waits for the next scan: to start one takes a tenth of a second, to keep one 20 MB. */
const KEPT_MS = 60_000
const idle: { thread: Thread; expiry: NodeJS.Timeout }[] = []

/** A helper that waits for work, or a new one. */
export function borrowThread(): Thread {
  const kept = idle.pop()
  if (!kept) return openThread()
  clearTimeout(kept.expiry)
  return kept.thread
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
    if (message.say === 'open') current?.events.onOpen(message.port, message.agoMs, message.rttMs)
    else if (message.say === 'refused') current?.events.onRefused?.(message.port, message.agoMs)
    else if (message.say === 'progress') current?.events.onProgress(message.done)
    else {
      current?.resolve(message.outcome)
      current = null
    }
  })
  const thread: Thread = {
    sweep: (job, events) =>
      new Promise((resolve, reject) => {
        if (failure) return reject(failure)
        worker.ref()
        current = { events, resolve, reject }
        tell({ do: 'sweep', job })
      }),
    tell,
    async close() {
      if (failure === null && current === null) {
        worker.unref()
        const expiry = setTimeout(() => {
          idle.splice(
            idle.findIndex((kept) => kept.thread === thread),
            1,
          )
          void worker.terminate()
        }, KEPT_MS)
        idle.push({ thread, expiry: expiry.unref() })
        return
      }
      failure ??= new Error('the sweep thread was closed')
      await worker.terminate()
    },
  }
  return thread
}
