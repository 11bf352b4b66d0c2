/** Ticks of cron that are missed, doubled or twenty minutes late: the same scans are opened. */
import { openFleet } from '../../worker/support/fleet.ts'
import { readKept } from '../audit/store.ts'
import { bundle } from '../build.ts'
import { type Drill, plain, type Row } from '../drill.ts'
import { openRig } from '../rig.ts'

const MINUTE = 60_000
const MINUTES = 60
/** The last due time: ticks go on until it has been seen by the latest of them. */
const LATE_MINUTES = 20

/** Which ticks come in each minute of an hour. */
const WEATHERS: Readonly<Record<string, (minute: number) => number>> = {
  'each minute once': () => 1,
  'each minute twice at once': () => 2,
  'every other minute missed': (minute) => minute % 2,
  'five minutes missed, ten times': (minute) => (minute % 6 === 5 ? 1 : 0),
  'twenty minutes late': (minute) => (minute === 7 || minute % (LATE_MINUTES + 8) === LATE_MINUTES + 7 ? 1 : 0),
}

async function hourOf(ticks: (minute: number) => number): Promise<{ due: string[]; ticks: number }> {
  await using rig = await openRig(await bundle())
  const fleet = await openFleet(rig.door())
  for (const probe of fleet) await probe.lease()
  // No probe comes for them in this quick hour: each is given up, by cron, before the next is due. Half an hour apart: later than any of the ticks, so that nothing is made up for by leaving something out.
  const body = {
    address: '127.46.0.9',
    ports: '22',
    profile: 'discovery',
    schedule: '*/30 * * * *',
    sites: ['fra-1', 'nyc-1'],
  }
  await rig.api.send('POST', '/api/v1/targets', body)
  const start = Math.ceil(Date.now() / (30 * MINUTE)) * 30 * MINUTE
  let made = 0
  for (let minute = 0; minute < MINUTES + LATE_MINUTES + 8; minute++) {
    const at = start + minute * MINUTE
    const count = ticks(minute)
    await Promise.all(Array.from({ length: count }, () => rig.tick(at)))
    made += count
  }
  await rig.tick(start + (MINUTES + LATE_MINUTES + 8) * MINUTE)
  const until = new Date(start + MINUTES * MINUTE).toISOString().slice(0, 16)
  const due = readKept(rig.data).scans.filter((scan) => scan.due !== '' && scan.due <= until)
  return {
    due: due.map((scan) => `+${(Date.parse(`${scan.due}Z`) - start) / MINUTE} min ${scan.site}`).sort(),
    ticks: made,
  }
}

export const cronDrill: Drill = {
  name: 'cron',
  async run({ quick }) {
    const names = Object.keys(WEATHERS).filter((_, i) => !quick || i % 2 === 0)
    const rows: Row[] = []
    let wanted: string | null = null
    for (const name of names) {
      const { due, ticks } = await hourOf(WEATHERS[name] ?? (() => 1))
      const text = due.join(', ')
      wanted ??= text
      const twice = due.filter((one, i) => due.indexOf(one) !== i).length
      const short = [
        ...(due.length === 0 ? ['nothing was ever due'] : []),
        ...(text === wanted ? [] : [`opened ${text}, expected ${wanted}`]),
      ]
      rows.push({ ...plain(`cron: ${name}`, ticks, `${due.length} scans`, short), doubled: twice })
    }
    return rows
  },
}
