/**
 * Workers and probes, each a process of its own, killed with -9 in the middle of their work and started again, while scan after
 * scan goes on and a receiver of webhooks listens.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Child, startNode } from '../../../demo/children.ts'
import { freePort } from '../../../demo/loopback.ts'
import { FLEET, type Member, probesReady, type RunningWorker, startWorker } from '../../../demo/stack.ts'
import type { ScanAnswer } from '../../../schema/api.ts'
import type { ChannelAnswer } from '../../../schema/channels.ts'
import { NOTICES } from '../../../schema/words.ts'
import { openUnruly } from '../../support/unruly.ts'
import { audit } from '../audit/audit.ts'
import { openJournal } from '../audit/journal.ts'
import { readKept } from '../audit/store.ts'
import { ROOT } from '../build.ts'
import { audited, type Drill, luckOf, pause, type Row, until } from '../drill.ts'
import { type Host, OPEN_PORTS, openHost, WINDOW } from '../hosts.ts'
import { openWire } from '../wire.ts'

const SEED = 99
/** Scans under way at once, over four sites. */
const AT_ONCE = 8
/** One target in so many loses a service in mid-scan. */
const LOSING = 5
const ENDING_MS = 240_000
const RESTART_MS = 60_000
const SITES = ['fra-1', 'ash-1', 'sin-1', 'gru-1']

interface Claimed {
  runtime: { pid: number } | null
}

export async function kills(wanted: { workers: number; probes: number }): Promise<Row[]> {
  const data = mkdtempSync(join(tmpdir(), 'portwitness-kills-'))
  const luck = luckOf(SEED)
  const journal = openJournal()
  const receiver = await openUnruly()
  const { port } = await freePort('127.0.0.1', 23_000 + (process.pid % 40) * 25)
  const folder = join(data, 'worker')
  const start = () => startWorker(ROOT, folder, port, ['--allow-local-receivers'])
  let worker: RunningWorker = await start()
  const url = worker.url
  const wire = await openWire(() => url, journal)
  const probes = new Map<string, Child>()
  const hosts: Host[] = []
  const accepted = new Map<string, { losing: boolean }>()
  const underWay = new Set<string>()
  const shortfalls: string[] = []
  let isOver = false
  const counts = { workers: 0, runtimes: 0, probes: 0 }

  const born = (member: Member, token: string | null) => {
    const args = [
      '--url',
      wire.url,
      '--data',
      join(data, member.sourceAddress),
      '--source-address',
      member.sourceAddress,
    ]
    const child = startNode(ROOT, [
      ...['bin/portwitness.mjs', 'probe', ...args, '--allow-private'],
      ...(token ? ['--token', token] : []),
    ])
    probes.set(member.sourceAddress, child)
  }
  /** Null while the Worker is away. */
  const asks = <T>(ask: () => Promise<T>): Promise<T | null> => ask().catch(() => null)
  const areDone = () => counts.workers + counts.runtimes >= wanted.workers && counts.probes >= wanted.probes

  async function scanOn(): Promise<void> {
    for (let i = 0; !areDone() || underWay.size > 0; ) {
      for (const id of underWay) {
        const scan = await asks(() => worker.api.get<ScanAnswer>(`/api/v1/scans/${id}`))
        if (scan && ['finished', 'failed', 'cancelled'].includes(scan.state)) underWay.delete(id)
      }
      while (!areDone() && underWay.size < AT_ONCE) {
        const address = `127.50.${Math.floor(i / 200)}.${(i % 200) + 20}`
        const losing = i % LOSING === LOSING - 1
        const site = SITES[i % SITES.length]
        i++
        hosts.push(await openHost(address, losing ? 4_000 : null))
        const profile = losing ? 'standard' : 'discovery'
        const target = await asks(() =>
          worker.api.send<{ id: string }>('POST', '/api/v1/targets', { address, ports: WINDOW, profile }),
        )
        const scan =
          target &&
          (await asks(() => worker.api.send<ScanAnswer>('POST', '/api/v1/scans', { targetId: target.id, site })))
        if (!scan) break
        accepted.set(scan.id, { losing })
        underWay.add(scan.id)
      }
      if (performance.now() > giveUpAt || isOver) return
      await pause(400)
    }
  }
  /** Every other time in the very moment in which something is being stored. */
  const isTime = async () => {
    if (luck() < 0.5) return pause(luck() * 1_500)
    await until(() => ['renew', 'alarm', 'result'].some((kind) => journal.inTheAir(kind) > 0), 5_000, 1)
    await pause(luck() * 6)
  }
  const isUp = () => asks(() => worker.api.text('/healthz')).then((answer) => answer !== null)
  const runtimeOf = (): number | undefined => {
    try {
      const { runtime } = JSON.parse(readFileSync(join(folder, 'host.json'), 'utf8')) as Claimed
      return runtime?.pid
    } catch {
      return undefined // just being written
    }
  }

  /** The runtime alone, which its host starts anew, or both. */
  async function killWorker(): Promise<void> {
    await isTime()
    const runtime = runtimeOf()
    if (counts.runtimes < wanted.workers / 2 && runtime) {
      process.kill(runtime, 'SIGKILL')
      counts.runtimes++
      if (await until(async () => runtimeOf() !== runtime && (await isUp()), RESTART_MS)) return
      shortfalls.push('kill -9: the host did not start its runtime anew')
    }
    worker.child.kill('SIGKILL')
    if (runtime) kill(runtime)
    await worker.child.exited
    counts.workers++
    worker = await start()
  }
  async function killProbe(): Promise<void> {
    await pause(luck() * 1_000)
    const member = FLEET[Math.floor(luck() * FLEET.length)] as Member
    const child = probes.get(member.sourceAddress)
    child?.kill('SIGKILL')
    await child?.exited
    counts.probes++
    await pause(luck() * 400)
    born(member, null)
  }
  /** A kill counts when it meets work: scans under way, a Worker that answers, and reports since the last kill. */
  async function killOn(): Promise<void> {
    while (!areDone() && !isOver && performance.now() < giveUpAt) {
      const heardOf = journal.said.length
      const isWorking = () => underWay.size > 1 && journal.said.length > heardOf + 6
      if (!(await until(async () => isWorking() && (await isUp()), 60_000))) continue
      const left = { workers: wanted.workers - counts.workers - counts.runtimes, probes: wanted.probes - counts.probes }
      if (luck() * (left.workers + left.probes) < left.workers) await killWorker()
      else await killProbe()
    }
  }

  const giveUpAt = performance.now() + 30_000 * (wanted.workers + wanted.probes / 3) + ENDING_MS
  try {
    await worker.api.send('POST', '/api/v1/channels', {
      kind: 'webhook',
      name: 'all',
      url: `${receiver.url}/in/all`,
      events: [...NOTICES],
    })
    for (const member of FLEET) {
      const { token } = await worker.api.send<{ token: string }>('POST', '/api/v1/probes/enrolments', member)
      born(member, token)
    }
    await probesReady(worker.api, FLEET.length, 60_000)
    await Promise.all([scanOn(), killOn()])
    await until(
      async () => {
        const list = await asks(() => worker.api.get<{ items: ChannelAnswer[] }>('/api/v1/channels'))
        return list?.items.every((one) => one.waiting === 0) === true && heard().size >= accepted.size
      },
      ENDING_MS,
      1_000,
    )
    await Promise.all([...probes.values()].map((child) => child.stop()))
    await worker.child.stop()

    const kept = readKept(folder)
    const told = receiver.log('all').filter((one) => one.taken)
    const count = audit({
      ...{ journal, kept, accepted: [...accepted.keys()] },
      told: told.map(({ headers, body }) => ({ id: headers['webhook-id'] ?? '', body })),
    })
    for (const scan of kept.scans.filter(({ id }) => accepted.has(id)))
      if (scan.state === 'finished' && scan.ports < OPEN_PORTS.length)
        count.lost.push(`scan ${scan.id}: ${scan.ports} of ${OPEN_PORTS.length} open ports`)
    const total = counts.workers + counts.runtimes + counts.probes
    const ends = new Map<string, number>()
    for (const { state, verdict } of kept.scans) ends.set(verdict ?? state, (ends.get(verdict ?? state) ?? 0) + 1)
    const again = told.length - new Set(told.map(({ headers }) => headers['webhook-id'])).size
    const note = [
      `${counts.runtimes} runtimes, ${counts.workers} hosts with theirs, ${counts.probes} probes`,
      `${count.acknowledged} acknowledged`,
      `${accepted.size} scans (${[...ends].map(([verdict, times]) => `${times} ${verdict}`).join(', ')})`,
      `${kept.issues.length} issues, ${told.length} notices, ${again} again under the same id`,
    ].join('; ')
    const missing = wanted.workers + wanted.probes - total
    const short = missing > 0 ? [`kill -9: only ${total} kills of ${wanted.workers + wanted.probes}`] : []
    return [audited('kill -9 of Workers and probes', total, count, note, [...shortfalls, ...short])]
  } finally {
    isOver = true
    await Promise.all([...probes.values()].map((child) => child.stop()))
    await worker.child.stop()
    await Promise.all(hosts.map((host) => host.close()))
    await wire.close()
    await receiver.close()
    rmSync(data, { recursive: true, force: true })
  }

  function heard(): Set<string> {
    return new Set(
      receiver
        .log('all')
        .filter((one) => one.taken)
        .flatMap(({ body }) =>
          /"scan\.(?:finished|failed)"/.test(body)
            ? (JSON.parse(body) as { data: { scan: { id: string } } }).data.scan.id
            : [],
        ),
    )
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // gone already
  }
}

export const killsDrill: Drill = {
  name: 'kills',
  run: ({ quick }) => kills(quick ? { workers: 2, probes: 4 } : { workers: 30, probes: 75 }),
}
