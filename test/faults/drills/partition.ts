/** The way between probes and the Worker, cut in one direction for a while; and the doorbell's object, ended in mid-scan. */
import { openCrew } from '../crew.ts'
import { audited, type Drill, pause, type Row, until } from '../drill.ts'
import { OPEN_PORTS, openHost, WINDOW } from '../hosts.ts'
import type { Cut } from '../wire.ts'

const SITES = ['fra-1', 'ash-1', 'sin-1', 'gru-1']
const CUT_MS = 25_000

async function cutOff(what: Exclude<Cut, 'nothing'>, net: number): Promise<Row> {
  await using crew = await openCrew()
  const hosts = await Promise.all(SITES.map((_, i) => openHost(`127.54.${net}.${i + 9}`)))
  const ids = await Promise.all(
    hosts.map(({ address }, i) => crew.scan({ address, ports: WINDOW, maxConnectsPerSecond: 3 }, SITES[i])),
  )
  await pause(2_000)
  crew.wire.cut(what)
  await pause(CUT_MS)
  crew.wire.cut('nothing')
  // What hangs is given up by the probe itself, after 15 s; nothing is done for it here.
  const fault = `${what} between probes and Worker dropped for ${CUT_MS / 1_000} s`
  const short = (await crew.ended(ids, 180_000)) ? [] : [`${fault}: a scan never ended`]
  const scans = await Promise.all(ids.map(crew.read))
  for (const { state, verdict, ports } of scans)
    if (ports.length < OPEN_PORTS.length)
      short.push(`${fault}: ${ports.length} of ${OPEN_PORTS.length} ports, ${state} ${verdict}`)
  await Promise.all(hosts.map((host) => host.close()))
  return audited(fault, ids.length, crew.books(ids), scans.map(({ verdict }) => verdict).join(', '), short)
}

async function aborted(times: number): Promise<Row> {
  await using crew = await openCrew()
  const fault = 'doorbell aborted, all its sockets closed'
  const hosts = await Promise.all(SITES.map((_, i) => openHost(`127.54.9.${i + 9}`)))
  const ids = await Promise.all(
    hosts.map(({ address }, i) => crew.scan({ address, ports: WINDOW, maxConnectsPerSecond: 3 }, SITES[i])),
  )
  const short: string[] = []
  for (let i = 0; i < times; i++) {
    const dials = crew.wire.dials.length
    await crew.rig.abortBells()
    const isBack = () => crew.wire.dials.length >= dials + crew.probes.size
    if (!(await until(isBack, 60_000)))
      short.push(`${fault}: ${crew.wire.dials.length - dials} of ${crew.probes.size} probes dialled again`)
    await pause(300)
  }
  if (!(await crew.ended(ids, 120_000))) short.push(`${fault}: a scan never ended`)
  const scans = await Promise.all(ids.map(crew.read))
  for (const { verdict, state } of scans) if (verdict !== 'clear') short.push(`${fault}: ended ${state} ${verdict}`)
  await Promise.all(hosts.map((host) => host.close()))
  return audited(fault, times, crew.books(ids), `${scans.length} scans clear`, short)
}

export const partitionDrill: Drill = {
  name: 'partition',
  run: async ({ quick }) => [await cutOff('answers', 0), await cutOff('requests', 1), await aborted(quick ? 2 : 5)],
}
