/** A report is limited to its run: what a plan does not name, its probe has no business telling us. */
import { portsIn } from '../schema/ports.ts'
import type { AlarmRequest, Endpoint, Plan, RenewRequest, ResultRequest } from '../schema/wire.ts'
import type { Purpose } from '../schema/words.ts'
import { badField } from './failure.ts'

/** Touches that look at something else than the planned ports: random high ports; listeners of ours. */
const FREE_PORT: readonly Purpose[] = ['phantom']
const FREE_ADDRESS: readonly Purpose[] = ['beacon']

/** What a run may speak of: its plan, and what its scan was asked for. */
export interface Bounds {
  plan: Plan
  scan: { addresses: readonly string[]; ports: string }
}

/** Throws `outside_plan`, with the field named, when an entry is about an endpoint that the plan does not allow. */
export function insidePlan(
  bounds: Bounds,
  entries: readonly (Endpoint & { purpose?: Purpose })[],
  field: string,
): void {
  if (entries.length === 0) return
  const allows = allowing(bounds)
  const at = entries.findIndex(
    (entry) => !(entry.purpose && FREE_ADDRESS.includes(entry.purpose)) && !allows.address(entry.address),
  )
  if (at >= 0) throw badField('outside_plan', `${field}.${at}.address`, 'the run does not name this address')
  const port = entries.findIndex(
    (entry) => !(entry.purpose && [...FREE_PORT, ...FREE_ADDRESS].includes(entry.purpose)) && !allows.port(entry),
  )
  if (port >= 0) throw badField('outside_plan', `${field}.${port}.port`, 'the run does not name this port')
}

/** The same for addresses as a whole. */
export function addressesInside(bounds: Bounds, addresses: readonly string[], field: string): void {
  if (addresses.length === 0) return
  const allows = allowing(bounds)
  const at = addresses.findIndex((address) => !allows.address(address))
  if (at >= 0) throw badField('outside_plan', `${field}.${at}`, 'the run does not name this address')
}

function namedIn(plan: Plan): readonly Endpoint[] {
  switch (plan.kind) {
    case 'scan':
      return plan.only ?? []
    case 'control':
      return plan.fetches
    default:
      return plan.steps.flatMap((step) => step.touches)
  }
}

function allowing({ plan, scan }: Bounds): { address(address: string): boolean; port(endpoint: Endpoint): boolean } {
  // An onlooker touches whatever the scanner finds: its plan need not name it, the scan does.
  if (plan.kind === 'baseline' || (plan.kind === 'scan' && plan.only === null)) {
    const ports = portsIn(scan.ports)
    return { address: (address) => scan.addresses.includes(address), port: ({ port }) => ports.has(port) }
  }
  const named = namedIn(plan)
  const gaps = portsIn(plan.kind === 'scan' ? (plan.gaps ?? '') : '')
  const addresses = new Set([...named.map(({ address }) => address), ...(gaps.size > 0 ? scan.addresses : [])])
  const endpoints = new Set(named.map(({ address, port }) => `${address} ${port}`))
  return {
    address: (address) => addresses.has(address),
    port: ({ address, port }) => endpoints.has(`${address} ${port}`) || gaps.has(port),
  }
}

/** What only a run with a scanner's plan may say: an onlooker has neither found nor lost nor finished anything. */
const SCANNERS_WORDS = [
  'found',
  'phase',
  'progress',
  'ready',
  'discovered',
  'untested',
  'lost',
  'silenced',
  'ports',
  'engagement',
  'recheck',
  'output',
] as const

/** Throws `outside_plan` when a report says what its run cannot know. */
export function wordsOfItsKind(plan: Plan, report: RenewRequest | AlarmRequest | ResultRequest): void {
  const said: Partial<Record<(typeof SCANNERS_WORDS)[number] | 'fetched', unknown>> = report
  const isSaid = (word: (typeof SCANNERS_WORDS)[number]) =>
    said[word] !== undefined && !(word === 'found' && report.found.length === 0)
  const word = plan.kind === 'scan' ? undefined : SCANNERS_WORDS.find(isSaid)
  if (word) throw badField('outside_plan', word, 'only the run of the scanner may say this')
  if (said.fetched !== undefined && plan.kind !== 'control')
    throw badField('outside_plan', 'fetched', 'only a run of kind control may say this')
}
