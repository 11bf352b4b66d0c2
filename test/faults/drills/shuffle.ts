/**
 * All messages of two leases of each run, each several times, in no order at all: results come before what led to them, the
 * old lease after the new one. What is kept must be what some order of them would have kept.
 */
import { openFleet, type Probe } from '../../worker/support/fleet.ts'
import { audit } from '../audit/audit.ts'
import { openJournal } from '../audit/journal.ts'
import { readKept } from '../audit/store.ts'
import { type Breakage, bundle } from '../build.ts'
import { audited, type Drill, luckOf, type Row } from '../drill.ts'
import { openRig } from '../rig.ts'
import { shuffled } from './shuffled.ts'

const SEED = 4_711
const LANES = 16
/** One scan at each at a time, so that no probe has more runs than it may hold. */
const SITES = ['fra-1', 'nyc-1', 'sgp-1', 'sao-1']
const PORTS = [22, 80, 443, 8_080]
/** Reports of one lease, and the result after them. */
const REPORTS = 6

interface Message {
  probe: Probe
  path: string
  body: object
}

export async function shuffle(scans: number, breakage: Breakage | null = null): Promise<Row> {
  await using rig = await openRig(await bundle(breakage))
  const journal = openJournal()
  const luck = luckOf(SEED)
  const fleet = await openFleet(rig.door(journal))
  for (const probe of fleet) await probe.lease()
  for (let i = 0; i < scans; i += SITES.length) {
    for (const [j, site] of SITES.entries()) {
      const body = { address: `127.41.${i + j}.9`, ports: PORTS.join(','), profile: 'discovery' }
      const target = await rig.api.send<{ id: string }>('POST', '/api/v1/targets', body)
      await rig.api.send('POST', '/api/v1/scans', { targetId: target.id, site })
    }
    const first = await messagesOf(fleet)
    // Some of the first lease travel in time, some while the next is given, the others when it is over.
    await send(some(first, luck), luck)
    const [, second] = await Promise.all([send(some(first, luck), luck), messagesOf(fleet)])
    await send([...first, ...second], luck)
  }
  const kept = readKept(rig.data)
  const ended = kept.scans.filter(({ state }) => state === 'finished')
  const count = audit({ journal, kept, accepted: kept.scans.map(({ id }) => id), told: null })
  const fault = 'messages in no order at all'
  const short = ended.length < scans ? [`${fault}: ${ended.length} of ${scans} scans came to their end`] : []
  return audited(fault, count.sent, count, `${count.acknowledged} acknowledged, ${kept.facts.length} rows`, short)
}

const some = <T>(list: readonly T[], luck: () => number): T[] => list.filter(() => luck() < 0.3)

/** A process that has forgotten all asks for its runs, and would say this of them. */
async function messagesOf(fleet: readonly Probe[]): Promise<Message[]> {
  const messages: Message[] = []
  for (const probe of fleet)
    for (const run of (await probe.lease({ capacity: { scan: 1, short: 8, baseline: 8 } })).runs) {
      const { runId, epoch, plan } = run
      const touches = 'steps' in plan ? (plan.steps[0]?.touches ?? []) : []
      const address = plan.kind === 'scan' ? plan.addresses[0] : touches[0]?.address
      const ports = plan.kind === 'scan' ? PORTS : touches.map(({ port }) => port)
      const purpose = plan.kind === 'scan' ? 'watch' : 'baseline'
      const at = Date.now()
      const report = (seq: number) => ({
        ...{ runId, epoch, seq, spans: [], found: [] },
        observations: ports.map((port, i) => ({
          ...{ n: (epoch - 1) * 100_000 + seq * 100 + i, purpose, check: 'greeting', address, port },
          ...{ sight: 'open', at, afterMs: 12, connectMs: 10, service: 'unknown', identity: `id-${port}` },
        })),
      })
      for (let seq = 1; seq <= REPORTS; seq++) messages.push({ probe, path: 'renew', body: report(seq) })
      const ending =
        plan.kind === 'scan'
          ? {
              ports: { asked: PORTS.length, tested: PORTS.length, untested: '' },
              output: `the log of lease ${epoch}\n`,
            }
          : {}
      messages.push({ probe, path: 'result', body: { ...report(REPORTS + 1), outcome: 'done', ...ending } })
    }
  return messages
}

/** Each 2 to 50 times, in no order, many at once. */
async function send(messages: readonly Message[], luck: () => number): Promise<void> {
  const copies = messages.flatMap((one) =>
    Array.from({ length: Math.min(50, 2 + Math.floor(-Math.log(1 - luck()) * 5)) }, () => one),
  )
  const queue = shuffled(copies, luck)
  const lane = async () => {
    for (let one = queue.pop(); one; one = queue.pop()) await one.probe.say(one.path, one.body)
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

export const shuffleDrill: Drill = { name: 'shuffle', run: async ({ quick }) => [await shuffle(quick ? 4 : 28)] }
