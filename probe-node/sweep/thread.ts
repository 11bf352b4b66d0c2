/** A sweep thread: one job at a time. It imports as little as possible, as every module costs memory twice. */
import { parentPort } from 'node:worker_threads'
import { type FromThread, obey, type ToThread } from './orders.ts'
import { openSockets } from './sockets.ts'
import { type Sweep, type SweepJob, startSweep } from './sweep.ts'

let sweep: Sweep | null = null
const tell = (message: FromThread) => parentPort?.postMessage(message)

parentPort?.on('message', (message: ToThread) => {
  if (message.do === 'sweep') start(message.job)
  else obey(sweep, message)
})

function start(job: SweepJob): void {
  let told = 0
  sweep = startSweep(job, openSockets, {
    onOpen: (port, agoMs, rttMs) => tell({ say: 'open', port, agoMs, rttMs }),
    onRefused: (port, agoMs) => tell({ say: 'refused', port, agoMs }),
    onProgress(done) {
      if (done === told) return
      told = done
      tell({ say: 'progress', done })
    },
  })
  void sweep.outcome.then((outcome) => tell({ say: 'end', outcome }))
}
