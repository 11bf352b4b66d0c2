/** Retests: all that the scans of an issue lost is touched again, from the address that lost it last. Clear is proof. */
import { formatPorts, type PortSet, portsIn } from '../schema/ports.ts'
import { checkOf } from '../schema/service.ts'
import type { TouchTarget } from '../schema/wire.ts'
import { HARMLESS_VERDICTS } from '../schema/words.ts'
import { Failure } from './failure.ts'
import { lostIn, strongestOf } from './interfered.ts'
import { openScan } from './open.ts'
import type { Issue } from './store/issues.ts'
import { readProbeAt } from './store/probes.ts'
import { readScan, type Scan } from './store/scans.ts'
import { readTarget, type Target } from './store/targets.ts'
import type { World } from './world.ts'

/** Opens the retest of an open issue. Throws the Failure that tells why not. */
export async function openRetest(
  world: World,
  { tenantId, id, targetId, lastScanId }: Issue,
): Promise<{ scan: Scan; target: Target }> {
  const { db } = world
  const [target, last, lost] = await Promise.all([
    readTarget(db, tenantId, targetId),
    readScan(db, tenantId, lastScanId),
    lostIn(db, tenantId, id),
  ])
  if (!target || !last) throw new Failure('conflict', 'The target of this issue is gone.')
  const untested = portsIn(last.judgement?.coverage?.untested ?? '')
  const only = endpointsOf(last, lost.endpoints, untested)
  // The same source address is what makes it proof: whichever probe has it by now.
  const scanner = lost.losing[0] ?? last.panel.find((member) => member.role === 'scanner')
  const probe = scanner ? await readProbeAt(db, scanner.sourceAddress) : null
  // Whatever one of them did may be what the defence fell on.
  const strongest = strongestOf(lost.losing)
  const done = (strongest && (await readScan(db, tenantId, strongest.scanId))) ?? last
  const scan = await openScan(world, tenantId, target, {
    site: probe?.site ?? scanner?.site ?? last.site,
    scannerProbeId: probe?.id ?? last.scannerProbeId,
    // Where nothing was lost, all ports again.
    ports: only.length === 0 ? last.ports : formatPorts([...only.map(({ port }) => port), ...untested]),
    profile: done.profile,
    accompanySeconds: done.accompanySeconds,
    dueKey: '',
    dueAt: world.now,
    retestOf: id,
    only: only.length > 0 ? only : null,
    fills: last.fills ?? last.id,
  })
  return { scan, target }
}

/** What the last scan lost, what earlier ones did, and what a retest was decided without: still lost, as far as anybody knows. */
function endpointsOf(last: Scan, lost: readonly TouchTarget[], untested: PortSet): TouchTarget[] {
  const lately = (last.judgement?.ports ?? [])
    .filter(({ verdict }) => !HARMLESS_VERDICTS.includes(verdict))
    .map(({ address, port, service }) => ({ address, port, service, check: checkOf(service) }))
  const left = (last.only ?? []).filter((one) => untested.has(one.port))
  const all = new Map<string, TouchTarget>()
  for (const one of [...lately, ...lost, ...left]) {
    const key = `${one.address} ${one.port}`
    if (!all.has(key)) all.set(key, one)
  }
  return [...all.values()]
}
