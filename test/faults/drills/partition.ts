/** The way between probes and the Worker, cut in one direction for a while; and the doorbell's object, ended. */
import { openCrew } from '../crew.ts'
import { audited, type Drill, pause, type Row, until } from '../drill.ts'
import { OPEN_PORTS, openHost, WINDOW } from '../hosts.ts'
import type { Cut } from '../wire.ts'

const SITES = ['fra-1', 'ash-1', 'sin-1', 'gru-1']
const CUT_MS = 25_000
/** An idle probe asks once a minute by the clock. */
const HEARD_MS = 90_000

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

/**
 * Now and then workerd goes on answering the pings of sockets that the new object knows nothing of: such a bell is deaf, and its
 * probe finds out by the first work that waited for it. So there is work after each abort, at every site.
 */
async function aborted(times: number): Promise<Row> {
  await using crew = await openCrew()
  const fault = 'doorbell aborted, its sockets closed or deaf'
  const { probes, rig, wire } = crew
  const short: string[] = []
  const ids: string[] = []
  const hosts = await Promise.all(SITES.map((_, i) => openHost(`127.54.9.${i + 9}`)))
  let deaf = 0
  for (let i = 0; i < times; i++) {
    const dials = wire.dials.length
    await rig.abortBells()
    await until(() => wire.dials.length >= dials + probes.size, 3_000)
    if (wire.dials.length === dials) deaf += 1
    ids.push(...(await Promise.all(hosts.map(({ address }, j) => crew.scan({ address, ports: WINDOW }, SITES[j])))))
    if (!(await until(async () => (await rig.sockets()) === probes.size, HEARD_MS, 1_000)))
      short.push(`${fault}: the object knows ${await rig.sockets()} of ${probes.size} bells`)
  }
  if (!(await crew.ended(ids, 120_000))) short.push(`${fault}: a scan never ended`)
  const scans = await Promise.all(ids.map(crew.read))
  for (const { verdict, state } of scans) if (verdict !== 'clear') short.push(`${fault}: ended ${state} ${verdict}`)
  await Promise.all(hosts.map((host) => host.close()))
  const note = `${scans.length} scans clear; ${deaf} times no bell was closed, and all are heard again`
  return audited(fault, times, crew.books(ids), note, short)
}

export const partitionDrill: Drill = {
  name: 'partition',
  run: async ({ quick }) => [await cutOff('answers', 0), await cutOff('requests', 1), await aborted(quick ? 2 : 5)],
}
