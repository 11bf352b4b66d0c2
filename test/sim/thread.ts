import { parentPort } from 'node:worker_threads'
import { carryOut, type Job } from './jobs.ts'

/** A thread of the simulator: one job at a time, its count handed back. */
parentPort?.on('message', ({ nth, job }: { nth: number; job: Job }) =>
  carryOut(job).then((count) => parentPort?.postMessage({ nth, count })),
)
