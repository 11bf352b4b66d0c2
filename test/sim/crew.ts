import { Worker } from 'node:worker_threads'
import type { Job } from './jobs.ts'
import type { Count } from './score/count.ts'

/** Spreads jobs over threads; `onDone` follows each. The result does not depend on who did what. A stop drops what is not done. */
export async function carryOutAll(
  jobs: readonly Job[],
  threads: number,
  onDone: (job: Job, count: Count) => void,
  stop: AbortSignal,
): Promise<void> {
  let next = 0
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const thread = new Worker(new URL('./thread.ts', import.meta.url), {
        execArgv: ['--disable-warning=ExperimentalWarning'],
        // A run leaves thousands of small facts behind: a wide nursery halves the collector's work.
        resourceLimits: { maxYoungGenerationSizeMb: 128 },
      })
      const end = () => void thread.terminate().then(() => resolve(), reject)
      stop.addEventListener('abort', end)
      const give = () => {
        if (next >= jobs.length || stop.aborted) return end()
        thread.postMessage({ nth: next, job: jobs[next] })
        next++
      }
      thread.on('message', ({ nth, count }: { nth: number; count: Count }) => {
        onDone(jobs[nth] as Job, count)
        give()
      })
      thread.on('error', reject)
      give()
    })
  await Promise.all(Array.from({ length: Math.min(threads, jobs.length) }, work))
}
