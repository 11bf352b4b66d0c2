/**
 * Messages that come 2 to 50 times, late, out of order and from processes whose lease is over. The scans of a stormy fleet must
 * end as those of a calm one do; and each report is held against the database.
 */
import type { ScanAnswer } from '../../../schema/api.ts'
import type { Endpoint, LeasedRun } from '../../../schema/wire.ts'
import { openFleet, type Probe } from '../../worker/support/fleet.ts'
import { openProcess } from '../../worker/support/process.ts'
import { audit } from '../audit/audit.ts'
import { type Journal, openJournal } from '../audit/journal.ts'
import { readKept } from '../audit/store.ts'
import { type Breakage, bundle } from '../build.ts'
import { audited, type Drill, luckOf, pause, type Row } from '../drill.ts'
import { openRig, type Rig } from '../rig.ts'
import { shuffled } from './shuffled.ts'

const PORTS = [22, 80, 443]
const LOST_PORT = 443
const ENGAGE_MS = 8_000
const LOST_AFTER_MS = 5_000
const PATIENCE_MS = 240_000
const SEED = 20_261_128
/** Of one look of the fleet at its work: how likely a process forgets what it holds. */
const FORGETS = 0.25
/** How many messages all storms together must have had. */
const MESSAGES = 10_000
const SCANS = 3
const MOST_STORMS = 15

interface Copy {
  probe: Probe
  path: string
  body: unknown
}
type Luck = () => number

/** 2 to 50, few being the rule. */
const copiesOf = (luck: Luck): number => Math.min(50, 2 + Math.floor(-Math.log(1 - luck()) * 9))

/** Sends each report several times at once, and leaves it to be sent again, much later. */
function stormy(probe: Probe, old: Copy[], luck: Luck): Probe {
  return {
    ...probe,
    async say<T>(path: string, body: unknown) {
      // What is sent must not change while its copies travel.
      const copy = { probe, path, body: structuredClone(body) }
      if (path === 'lease') return probe.say<T>(path, copy.body)
      old.push(copy)
      const first = probe.say<T>(path, copy.body)
      await Promise.all(Array.from({ length: copiesOf(luck) - 1 }, () => probe.say(path, copy.body)))
      return first
    },
  }
}

interface Flight {
  journal: Journal
  accepted: string[]
  /** how each scan ended, by its address */
  ended: Map<string, ScanAnswer>
  forgot: number
}

/**
 * Scans by scripted probes in real time, all at once; every third target loses a port in mid-scan. In a storm processes lose
 * their memory, and get their runs anew while their old messages still travel.
 */
async function fly(rig: Rig, { scans, storm, seed }: { scans: number; storm: boolean; seed: number }): Promise<Flight> {
  const journal = openJournal()
  const luck = luckOf(seed)
  const fleet = await openFleet(rig.door(journal))
  const old: Copy[] = []
  const began = Date.now()
  const losing = new Set<string>()
  const model = (_: Probe, { address, port }: Endpoint, now: number) =>
    port === LOST_PORT && losing.has(address) && now - began > LOST_AFTER_MS ? ('closed' as const) : ('open' as const)
  const openIn = ({ plan }: LeasedRun) =>
    PORTS.map((port) => ({
      address: plan.kind === 'scan' ? (plan.addresses[0] ?? '') : '',
      port,
      check: 'greeting' as const,
      service: 'unknown' as const,
    }))
  const stage = { now: () => Date.now() }
  const born = (probe: Probe) =>
    openProcess(stage, storm ? stormy(probe, old, luck) : probe, model, { engageMs: ENGAGE_MS, open: openIn })
  const crew = fleet.map((probe) => ({ probe, process: born(probe) }))
  for (const { process } of crew) await process.step()

  const scanOf = new Map<string, string>()
  for (let i = 0; i < scans; i++) {
    const address = `127.40.${i}.9`
    if (i % 3 === 2) losing.add(address)
    const body = { address, ports: PORTS.join(','), profile: 'standard' }
    const target = await rig.api.send<{ id: string }>('POST', '/api/v1/targets', body)
    const scan = await rig.api.send<ScanAnswer>('POST', '/api/v1/scans', { targetId: target.id, site: 'fra-1' })
    scanOf.set(scan.id, address)
  }
  const ended = new Map<string, ScanAnswer>()
  let forgot = 0
  const late = async () => {
    while (storm && ended.size < scans && Date.now() < began + PATIENCE_MS) {
      const picks = Array.from({ length: 6 }, () => old[Math.floor(luck() * old.length)])
      await Promise.all(picks.map((copy) => copy?.probe.say(copy.path, copy.body)))
      await pause(15)
    }
  }
  const work = async () => {
    while (ended.size < scans && Date.now() < began + PATIENCE_MS) {
      await Promise.all(crew.map(({ process }) => process.step()))
      if (storm && luck() < FORGETS) {
        const member = crew[Math.floor(luck() * crew.length)]
        if (member) member.process = born(member.probe)
        forgot++
      }
      for (const [id, address] of scanOf) {
        if (ended.has(address)) continue
        const scan = await rig.api.get<ScanAnswer>(`/api/v1/scans/${id}`)
        if (['finished', 'failed', 'cancelled'].includes(scan.state)) ended.set(address, scan)
      }
      await pause(300)
    }
  }
  await Promise.all([work(), late()])
  // And once more all that was ever said, when all is over.
  if (storm) for (const copy of shuffled(old, luck).slice(0, 400)) await copy.probe.say(copy.path, copy.body)
  return { journal, accepted: [...scanOf.keys()], ended, forgot }
}

/** What must not depend on the weather. */
const essence = (scan: ScanAnswer | undefined): string =>
  JSON.stringify(
    scan && [
      scan.state,
      scan.verdict,
      scan.ports.map(({ port, verdict, recheck, lostAt }) => [port, verdict, recheck, lostAt !== null]).sort(),
      scan.coverage?.portsTested,
    ],
  )

/** One storm; with `breakage` over a Worker that lacks one of its safeguards. */
export async function storm(scans: number, seed: number, breakage: Breakage | null = null): Promise<Row> {
  await using rig = await openRig(await bundle(breakage))
  await using calmRig = await openRig(await bundle())
  const [wild, calm] = await Promise.all([
    fly(rig, { scans, storm: true, seed }),
    fly(calmRig, { scans, storm: false, seed }),
  ])
  const kept = readKept(rig.data)
  const count = audit({ ...wild, kept, told: null })
  const other = [...calm.ended.keys()].filter(
    (address) => essence(wild.ended.get(address)) !== essence(calm.ended.get(address)),
  )
  const fault = 'messages doubled, late, fenced'
  const [example] = other
  const short = [
    ...(calm.ended.size < scans ? [`${fault}: ${scans - calm.ended.size} calm scans never ended`] : []),
    ...(example
      ? [
          `${fault}: ${other.length} scans ended otherwise, ${essence(wild.ended.get(example))} for ${essence(calm.ended.get(example))}`,
        ]
      : []),
  ]
  const note = `${count.acknowledged} acknowledged, ${wild.forgot} processes forgot, ${kept.facts.length} rows; ends as ${scans} calm scans`
  return audited(fault, count.sent, count, note, short)
}

/** Storm after storm, until there were messages enough. No probe holds more runs than it may: few scans in each. */
export const stormDrill: Drill = {
  name: 'storm',
  async run({ quick }) {
    const rows: Row[] = []
    const sent = () => rows.reduce((sum, { tried }) => sum + tried, 0)
    do rows.push(await storm(SCANS, SEED + rows.length))
    while (!quick && sent() < MESSAGES && rows.length < MOST_STORMS)
    const [first] = rows
    if (!first) return []
    const sum = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0)
    const few = !quick && sent() < MESSAGES ? [`${first.fault}: only ${sent()} messages of ${MESSAGES}`] : []
    const note = `${rows.length} storms; the first: ${first.note}`
    const short = [...rows.flatMap((row) => row.short), ...few]
    return [
      { ...first, tried: sent(), lost: sum(({ lost }) => lost), doubled: sum(({ doubled }) => doubled), note, short },
    ]
  },
}
