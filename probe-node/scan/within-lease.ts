/** What a scan does by its lease alone, and what it says of the time in which it had none. */
import { LAPSED } from '../lease.ts'
import { clockTime } from '../output.ts'
import { type Seen, touch, type Wanted } from '../touch.ts'
import type { Scan } from './context.ts'

/** One touch of the scan's own. Without a lease it waits, and begins when there is one again: what it sees is of then. */
export async function touchFor(scan: Scan, wanted: Omit<Wanted, 'run' | 'name'>): Promise<Seen> {
  const { world, run, plan, ended } = scan
  for (;;) {
    await run.lease.held(ended)
    const seen = await touch(world, { ...wanted, run, name: plan.name })
    if (seen.code !== LAPSED || ended.aborted) return seen
  }
}

/** Says when nothing was sent for want of a lease, and for how long: no stretch of open touches spans that. */
export function tellLapses(scan: Scan): void {
  const { world, run, endpoints, output, ended } = scan
  const tell = (text: string) => {
    output.line('Watch', `${clockTime(world.clock.now())}  ${text}`)
    world.log('warn', text, { runId: run.runId })
  }
  const lapsed = async () => {
    if (ended.aborted) return
    tell('the Worker did not renew the lease in time: nothing is sent until it does')
    if (!(await run.lease.held(ended))) return
    endpoints.flushSpans()
    tell('the lease is renewed: the scan goes on')
    tellLapses(scan)
  }
  run.lease.untilLapse().addEventListener('abort', () => void lapsed(), { once: true })
}
