/** Probes that follow a script, over the stage: they see what a model lets them see, and carry out their runs as real ones do. */
import type { ScanAnswer } from '../../../schema/api.ts'
import type { Process } from './process.ts'
import type { Stage } from './stage.ts'

export { enrolProbe, openFleet, type Probe } from './fleet.ts'
export { type Model, openProcess, type Process } from './process.ts'

/** Lets the fleet work, a second at a time, with a tick of cron each minute, until `until` holds. Answers the seconds. */
export async function play(
  stage: Stage,
  processes: readonly Process[],
  until: () => Promise<boolean>,
  maxSeconds = 400,
): Promise<number> {
  for (let second = 1; second <= maxSeconds; second++) {
    stage.pass(1_000)
    if (second % 60 === 0) await stage.tick()
    for (const process of processes) await process.step()
    if (await until()) return second
  }
  throw new Error(`not reached within ${maxSeconds} s`)
}

export const readScan = async (stage: Stage, id: string): Promise<ScanAnswer> =>
  (await stage.api<ScanAnswer>('GET', `/scans/${id}`)).body
export const hasEnded = (stage: Stage, id: string) => async (): Promise<boolean> =>
  ['finished', 'failed', 'cancelled'].includes((await readScan(stage, id)).state)
