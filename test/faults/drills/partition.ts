/** The way between probes and the Worker, cut in one direction for a while; and the doorbell's object, ended. */
import { LEASE_MS } from '../../../schema/wire.ts'
import { openCrew } from '../crew.ts'
import { audited, type Drill, pause, type Row, until } from '../drill.ts'
import { OPEN_PORTS, openHost, WINDOW } from '../hosts.ts'
import type { Cut } from '../wire.ts'

const SITES = ['fra-1', 'ash-1', 'sin-1', 'gru-1']
const CUT_MS = 25_000
/** Found first, as ports that are often open are; the others are looked for slowly enough to last beyond the lease. */
const FOUND = [5432, 8081, 9100]
const WIDE = `${FOUND.join()},21001-21400`
/** Touches that are in the air when the lease ends. */
const IN_THE_AIR_MS = 10_000
const SILENT_MS = 12_000
/** Until a probe asks again, and is answered. */
const BACK_MS = 20_000
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
 * Cut off past the lease: nothing comes to the hosts after it. Then the way is free again: a scan goes on where it stood, or ends
 * without another packet where everything was stopped meanwhile.
 */
async function pastLease(what: 'stopped' | 'left alone', net: number): Promise<Row> {
  await using crew = await openCrew()
  const hosts = await Promise.all(SITES.map((_, i) => openHost(`127.54.${net}.${i + 9}`, null, FOUND)))
  const ids = await Promise.all(
    hosts.map(({ address }, i) => crew.scan({ address, ports: WIDE, maxConnectsPerSecond: 3 }, SITES[i])),
  )
  const fault = `cut off past the lease, ${what} meanwhile`
  const short: string[] = []
  const accepted = () => hosts.reduce((sum, host) => sum + host.accepted(), 0)
  if (!(await until(() => hosts.every((host) => host.accepted() > 3), 60_000))) short.push(`${fault}: no scan`)
  crew.wire.cut('requests')
  if (what === 'stopped') await crew.rig.api.send('PUT', '/api/v1/kill-switch', { stopped: true })
  await pause(LEASE_MS.scan + IN_THE_AIR_MS)
  const before = accepted()
  await pause(SILENT_MS)
  const late = accepted() - before
  if (late > 0) short.push(`${fault}: ${late} connects after the lease`)
  crew.wire.cut('nothing')
  // No tick gives up before that what could be renewed.
  await pause(BACK_MS)
  if (!(await crew.ended(ids, 300_000))) short.push(`${fault}: a scan never ended`)
  const scans = await Promise.all(ids.map(crew.read))
  if (what === 'stopped') {
    if (accepted() > before) short.push(`${fault}: ${accepted() - before} connects after the stop`)
    for (const { state } of scans) if (state !== 'cancelled') short.push(`${fault}: ended ${state}`)
  } else
    for (const { state, verdict, coverage } of scans)
      if (verdict !== 'clear' || coverage?.untested !== '')
        short.push(`${fault}: ended ${state} ${verdict}, not tested: ${coverage?.untested}`)
  await Promise.all(hosts.map((host) => host.close()))
  const note = `${before} connects before, ${late} after the lease; ${scans.map(({ state }) => state).join(', ')}`
  return audited(fault, ids.length, crew.books(ids), note, short)
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
  run: async ({ quick }) => [
    await cutOff('answers', 0),
    await cutOff('requests', 1),
    await pastLease('stopped', 2),
    await pastLease('left alone', 3),
    await aborted(quick ? 2 : 5),
  ],
}
