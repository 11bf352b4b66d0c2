/** D1 and R2 that fail, before or after what was asked was done; scripted probes try again as real ones do. */
import type { ScanAnswer } from '../../../schema/api.ts'
import type { LeasedRun } from '../../../schema/wire.ts'
import { type Ailments, D1_FAULTS, type D1Fault } from '../../worker/support/ailments.ts'
import { type Answer, openFleet, type Probe } from '../../worker/support/fleet.ts'
import { openProcess } from '../../worker/support/process.ts'
import { audit } from '../audit/audit.ts'
import { openJournal } from '../audit/journal.ts'
import { readKept } from '../audit/store.ts'
import { bundle } from '../build.ts'
import { audited, type Drill, pause, type Row } from '../drill.ts'
import { openRig, type Rig, WELL } from '../rig.ts'

const PORTS = [22, 80, 443]
const PATIENCE_MS = 120_000
const TRIES = 60

/** Says it again until it is taken; what it was answered meanwhile is noted. */
function patient(probe: Probe, answers: { status: number; retryAfter: string | null }[]): Probe {
  const say = async <T>(path: string, body: unknown): Promise<Answer<T>> => {
    const same = structuredClone(body)
    for (let tries = 0; ; tries++) {
      const answer = await probe.say<T>(path, same)
      if (answer.status < 500 || tries === TRIES) return answer
      answers.push({ status: answer.status, retryAfter: answer.headers.get('retry-after') })
      await pause(20 + Math.random() * 60)
    }
  }
  const lease = async (more: object = {}) => {
    const health = { agent: 'test', fit: true, reasons: [], lagMs: 0, spooled: 0 }
    const capacity = { scan: 1, short: 8, baseline: 6 }
    const body = { wire: 1, capacity, holding: [], allowPrivate: true, health, ...more }
    return (await say<Awaited<ReturnType<Probe['lease']>>>('lease', body)).body
  }
  return { ...probe, say, lease }
}

async function suffer(rig: Rig, fault: string, ailments: Ailments, scans: number, net: number): Promise<Row> {
  const journal = openJournal()
  const fleet = await openFleet(rig.door(journal), FLEETS(net))
  const answers: { status: number; retryAfter: string | null }[] = []
  const stage = { now: () => Date.now() }
  const openIn = ({ plan }: LeasedRun) =>
    PORTS.map((port) => ({
      address: plan.kind === 'scan' ? (plan.addresses[0] ?? '') : '',
      port,
      check: 'greeting' as const,
      service: 'unknown' as const,
    }))
  const crew = fleet.map((probe) =>
    openProcess(stage, patient(probe, answers), () => 'open', { engageMs: 2_000, open: openIn }),
  )
  for (const process of crew) await process.step()
  const accepted: string[] = []
  for (let i = 0; i < scans; i++) {
    const body = { address: `127.${net}.${i}.9`, ports: PORTS.join(','), profile: 'discovery' }
    const target = await rig.api.send<{ id: string }>('POST', '/api/v1/targets', body)
    accepted.push(
      (await rig.api.send<ScanAnswer>('POST', '/api/v1/scans', { targetId: target.id, site: `fra-${net}` })).id,
    )
  }
  const before = await rig.hits()
  await rig.ail(ailments)
  const end = Date.now() + PATIENCE_MS
  const running = new Set(accepted)
  const illUntil = Date.now() + 12_000
  let isWell = false
  while (running.size > 0 && Date.now() < end) {
    if (!isWell && Date.now() > illUntil) {
      await rig.ail(WELL)
      isWell = true
    }
    await Promise.all(crew.map((process) => process.step()))
    if (isWell) {
      await rig.tick()
      for (const id of running) {
        const { state } = await rig.api.get<ScanAnswer>(`/api/v1/scans/${id}`)
        if (['finished', 'failed', 'cancelled'].includes(state)) running.delete(id)
      }
    }
    await pause(200)
  }
  await rig.ail(WELL)
  const hits = await rig.hits()
  const made = hits.db - before.db + hits.raw - before.raw
  const count = audit({ journal, kept: readKept(rig.data), accepted, told: null })
  const wrong = answers.filter(({ status, retryAfter }) => status !== 503 || retryAfter === null)
  const short = [
    ...(wrong[0]
      ? [
          `${fault}: ${wrong.length} of ${answers.length} answers were not 503 with Retry-After, such as ${wrong[0].status}`,
        ]
      : []),
    ...(made === 0 ? [`${fault}: it never happened`] : []),
    ...(answers.length === 0 ? [`${fault}: no probe ever noticed`] : []),
  ]
  return audited(
    fault,
    made,
    count,
    `${answers.length} times asked to come back; ${count.acknowledged} acknowledged`,
    short,
  )
}

const FLEETS = (net: number) =>
  [
    { site: `fra-${net}`, sourceAddress: `127.${net}.250.1`, country: 'DE', provider: 'Hetz' },
    { site: `fra-${net}`, sourceAddress: `127.${net}.250.2`, country: 'DE', provider: 'Hetz' },
    { site: `nyc-${net}`, sourceAddress: `127.${net}.251.1`, country: 'US', provider: 'Dig' },
    { site: `sgp-${net}`, sourceAddress: `127.${net}.252.1`, country: 'SG', provider: 'Vul' },
  ] as unknown as NonNullable<Parameters<typeof openFleet>[1]>

/** What can befall the database and the bucket. Each has a network of its own. */
export const databaseDrill: Drill = {
  name: 'database',
  async run({ quick }) {
    const rows: Row[] = []
    const scans = quick ? 2 : 6
    const says = Object.keys(D1_FAULTS) as D1Fault[]
    const chosen = quick ? says.filter((one) => one === 'overloaded' || one === 'remote') : says
    let net = 60
    for (const one of chosen) {
      await using rig = await openRig(await bundle())
      const ailments: Ailments = { db: { share: 0.3, when: 'before', says: one }, raw: null }
      rows.push(await suffer(rig, `D1 says: ${D1_FAULTS[one].slice(10, 60)}`, ailments, quick ? 2 : 3, net++))
    }
    const unknown: Ailments = { db: { share: 0.3, when: 'after', says: 'lost' }, raw: null }
    const others: [string, Ailments][] = [
      ['D1 committed, and the answer was lost', unknown],
      ['R2 takes no put', { db: null, raw: { share: 0.7, when: 'before' } }],
      ['R2 took it, and the answer was lost', { db: null, raw: { share: 0.7, when: 'after' } }],
    ]
    for (const [fault, ailments] of others) {
      await using rig = await openRig(await bundle())
      rows.push(await suffer(rig, fault, ailments, scans, net++))
    }
    return rows
  },
}
