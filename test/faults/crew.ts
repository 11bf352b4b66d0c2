/** Real probes, each a process of its own, over a wire to a rig; and scans of small hosts. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Child, startNode } from '../../demo/children.ts'
import { FLEET, type Member, probesReady } from '../../demo/stack.ts'
import type { ScanAnswer } from '../../schema/api.ts'
import { audit, type Count } from './audit/audit.ts'
import { type Journal, openJournal } from './audit/journal.ts'
import { readKept } from './audit/store.ts'
import { bundle, ROOT } from './build.ts'
import { until } from './drill.ts'
import { openRig, type Rig } from './rig.ts'
import { openWire, type Wire } from './wire.ts'

export interface Crew {
  rig: Rig
  wire: Wire
  journal: Journal
  probes: Map<string, Child>
  /** a new process on the folder of that probe, beside whatever runs there */
  again(sourceAddress: string): Child
  scan(
    body: { address: string; ports: string; profile?: string; maxConnectsPerSecond?: number },
    site?: string,
  ): Promise<string>
  read(id: string): Promise<ScanAnswer>
  /** waits for the end of all; false when it did not come */
  ended(ids: readonly string[], patienceMs: number): Promise<boolean>
  books(ids: readonly string[]): Count
  [Symbol.asyncDispose](): Promise<void>
}

/** `options`: of node itself, for each probe. */
export async function openCrew(
  size: number = FLEET.length,
  options: (member: Member) => string[] = () => [],
): Promise<Crew> {
  const rig = await openRig(await bundle())
  const journal = openJournal()
  const wire = await openWire(() => rig.url, journal)
  const data = mkdtempSync(join(tmpdir(), 'portwitness-crew-'))
  const probes = new Map<string, Child>()
  const started: Child[] = []
  const born = (member: Member, token: string | null): Child => {
    const folder = join(data, member.sourceAddress)
    const args = ['--url', wire.url, '--data', folder, '--source-address', member.sourceAddress, '--allow-private']
    const child = startNode(ROOT, [
      ...options(member),
      ...['bin/portwitness.mjs', 'probe', ...args],
      ...(token ? ['--token', token] : []),
    ])
    started.push(child)
    probes.set(member.sourceAddress, child)
    return child
  }
  const dispose = async () => {
    for (const child of started) child.kill('SIGCONT')
    await Promise.all(started.map((child) => child.stop()))
    await wire.close()
    await rig[Symbol.asyncDispose]()
    rmSync(data, { recursive: true, force: true })
  }
  const read = (id: string) => rig.api.get<ScanAnswer>(`/api/v1/scans/${id}`)
  try {
    for (const member of FLEET.slice(0, size)) {
      const { token } = await rig.api.send<{ token: string }>('POST', '/api/v1/probes/enrolments', member)
      born(member, token)
    }
    await probesReady(rig.api, size, 90_000)
  } catch (error) {
    await dispose()
    throw error
  }
  return {
    ...{ rig, wire, journal, probes, read },
    again: (sourceAddress) => {
      const member = FLEET.find((one) => one.sourceAddress === sourceAddress)
      if (!member) throw new Error(`no probe ${sourceAddress}`)
      return born(member, null)
    },
    async scan(body, site = 'fra-1') {
      const target = await rig.api.send<{ id: string }>('POST', '/api/v1/targets', { profile: 'discovery', ...body })
      return (await rig.api.send<ScanAnswer>('POST', '/api/v1/scans', { targetId: target.id, site })).id
    },
    ended: (ids, patienceMs) =>
      until(
        async () => {
          await rig.tick().catch(() => {})
          const scans = await Promise.all(ids.map(read))
          return scans.every(({ state }) => ['finished', 'failed', 'cancelled'].includes(state))
        },
        patienceMs,
        1_000,
      ),
    books: (ids) => audit({ journal, kept: readKept(rig.data), accepted: ids, told: null }),
    [Symbol.asyncDispose]: dispose,
  }
}
