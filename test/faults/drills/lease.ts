/** Probes that are stopped past their lease and then go on as if nothing had been; probes whose clock is an hour off. */
import { openCrew } from '../crew.ts'
import { audited, type Drill, type Row, until } from '../drill.ts'
import { openHost, WINDOW } from '../hosts.ts'

const SCANNERS = ['127.0.0.13', '127.0.0.14', '127.0.0.15']
const SITES = ['ash-1', 'sin-1', 'gru-1']
const TWO_LEASES_MS = 200_000
const HOUR_MS = 3_600_000

const heldBy = (said: { kind: string; status: number | null; answer: string }[], kind: string) =>
  said.filter((one) => one.kind === kind && one.status === 200)

/** Stopped by SIGSTOP in mid-scan; given up (`reap`), or its run taken over by a new process of the same probe. */
async function paused(how: 'given up' | 'taken over', rounds: number): Promise<Row> {
  await using crew = await openCrew()
  const fault = `probe stopped past its lease, its run ${how}`
  const short: string[] = []
  const ids: string[] = []
  let late = 0
  for (let round = 0; round < rounds; round++) {
    const hosts = await Promise.all(
      SITES.map((_, i) => openHost(`127.53.${how === 'given up' ? 0 : 1}.${round * 10 + i + 9}`)),
    )
    const scans = await Promise.all(
      hosts.map(({ address }, i) => crew.scan({ address, ports: WINDOW, maxConnectsPerSecond: 2 }, SITES[i])),
    )
    ids.push(...scans)
    const leases = () => heldBy(crew.journal.said, 'lease').filter(({ answer }) => /"kind":"scan"/.test(answer)).length
    const before = leases()
    if (!(await until(() => leases() >= before + scans.length || leases() >= (round + 1) * scans.length, 30_000)))
      short.push(`${fault}: no lease`)
    await until(() => false, 1_500)
    const stopped = SCANNERS.flatMap((address) => crew.probes.get(address) ?? [])
    for (const child of stopped) child.kill('SIGSTOP')
    if (how === 'taken over') for (const address of SCANNERS) crew.again(address)
    else await crew.rig.tick(Date.now() + TWO_LEASES_MS)
    if (how === 'taken over' && !(await crew.ended(scans, 120_000))) short.push(`${fault}: a scan never ended`)
    const from = crew.journal.said.length
    for (const child of stopped) child.kill('SIGCONT')
    const refused = () =>
      crew.journal.said.slice(from).filter(({ kind, status }) => kind !== 'lease' && status === 410).length
    if (!(await until(() => refused() > 0, 60_000))) short.push(`${fault}: nothing late came`)
    await until(() => refused() >= scans.length, 10_000)
    late += refused()
    if (!(await crew.ended(scans, 120_000))) short.push(`${fault}: a scan never ended`)
    if (how === 'taken over') for (const child of stopped) await child.stop()
    await Promise.all(hosts.map((host) => host.close()))
  }
  return audited(fault, rounds * SITES.length, crew.books(ids), `${late} late reports answered 410`, short)
}

async function skewed(): Promise<Row> {
  const shift = (ms: number) =>
    `data:text/javascript,const now=Date.now;Date.now=()=>now()+${ms};const D=Date;globalThis.Date=class extends D{constructor(...a){a.length?super(...a):super(D.now())}}`
  let n = 0
  await using crew = await openCrew(5, () => ['--import', shift(n++ % 2 ? HOUR_MS : -HOUR_MS)])
  const hosts = await Promise.all(SITES.map((_, i) => openHost(`127.53.2.${i + 9}`)))
  const ids = await Promise.all(hosts.map(({ address }, i) => crew.scan({ address, ports: WINDOW }, SITES[i])))
  const fault = 'clock of a probe an hour off'
  const short = (await crew.ended(ids, 120_000)) ? [] : [`${fault}: a scan never ended`]
  const scans = await Promise.all(ids.map(crew.read))
  for (const { verdict, state } of scans) if (verdict !== 'clear') short.push(`${fault}: ended ${state} ${verdict}`)
  // Each probe says by how much its machine's clock differs from the Worker's.
  const offsets = crew.journal.said
    .filter(({ kind }) => kind === 'lease')
    .map(({ body }) => (JSON.parse(body) as { health: { clockOffsetMs?: number } }).health.clockOffsetMs ?? 0)
  const skews = offsets.filter((ms) => Math.abs(Math.abs(ms) - HOUR_MS) < 60_000).length
  if (skews === 0) short.push(`${fault}: no clock was ever off`)
  await Promise.all(hosts.map((host) => host.close()))
  return audited(
    fault,
    5,
    crew.books(ids),
    `${skews} of ${offsets.length} leases from a clock an hour off; ${scans.length} scans clear`,
    short,
  )
}

export const leaseDrill: Drill = {
  name: 'lease',
  async run({ quick }) {
    const rounds = quick ? 1 : 3
    return [await paused('given up', rounds), await paused('taken over', rounds), await skewed()]
  },
}
