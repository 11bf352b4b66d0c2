/** Many ports in few words: what met the same fate for the same cause is one loss, what is mended alike one remedy. */
import type { EventLoss, EventPort, EventRemedy } from '../../../schema/events.ts'
import { MAX_LOSS_PORTS, MAX_LOSSES, MAX_PORTS, MAX_REMEDIES, MAX_STEPS } from '../../../schema/events.ts'
import { endpointKey } from '../../../schema/facts.ts'
import type { Cause, PortVerdict, Remediation, StepKind } from '../../../schema/judgement.ts'
import { maybeIso, said } from './said.ts'

export interface Losses {
  losses: EventLoss[]
  lossesTotal: number
  ports: EventPort[]
  portsTotal: number
  remedies: EventRemedy[]
  remediesTotal: number
}

/** `occurrenceIds` by endpoint (`endpointKey`). The loss and the remedy of the most ports come first. */
export function lossesOf(lost: readonly PortVerdict[], occurrenceIds: ReadonlyMap<string, string>): Losses {
  const sorted = lost.toSorted((a, b) => a.port - b.port || (a.address < b.address ? -1 : 1))
  const losses = grouped(sorted, ({ verdict, strength, cause }) =>
    JSON.stringify([verdict, strength, cause?.class, cause?.mechanism, cause?.vendor]),
  )
  const remedies = grouped(
    sorted.filter(({ remediation }) => remediation !== null),
    ({ remediation }) => JSON.stringify([remediation?.title, remediation?.formats]),
  )
  return {
    losses: losses.slice(0, MAX_LOSSES).map(lossOf),
    lossesTotal: losses.length,
    ports: sorted.slice(0, MAX_PORTS).map((port) => portOf(port, occurrenceIds.get(endpointKey(port)) ?? null)),
    portsTotal: sorted.length,
    remedies: remedies.slice(0, MAX_REMEDIES).map(remedyOf),
    remediesTotal: remedies.length,
  }
}

type Group = readonly [PortVerdict, ...PortVerdict[]]

function grouped(ports: readonly PortVerdict[], keyOf: (port: PortVerdict) => string): Group[] {
  const groups = new Map<string, [PortVerdict, ...PortVerdict[]]>()
  for (const port of ports) {
    const group = groups.get(keyOf(port))
    if (group) group.push(port)
    else groups.set(keyOf(port), [port])
  }
  return [...groups.values()].toSorted((a, b) => b.length - a.length)
}

const firstPorts = (group: Group): number[] => [...new Set(group.map(({ port }) => port))].slice(0, MAX_LOSS_PORTS)

function lossOf(group: Group): EventLoss {
  const [first] = group
  return {
    verdict: first.verdict,
    strength: first.strength,
    cause: causeWord(first.cause, Math.min(...group.map(({ cause }) => cause?.confidence ?? 1))),
    addresses: [...new Set(group.map(({ address }) => said(address, 45)))].slice(0, 5),
    ports: firstPorts(group),
    portsTotal: group.length,
    evidence: first.evidence
      .filter(({ supports }) => supports)
      .slice(0, 2)
      .map(({ text }) => said(text, 400)),
    askOwner: first.cause?.askOwner ? said(first.cause.askOwner, 400) : null,
  }
}

const causeWord = (cause: Cause | null, confidence: number): EventLoss['cause'] =>
  cause && {
    class: cause.class,
    mechanism: cause.mechanism,
    vendor: cause.vendor === null ? null : said(cause.vendor, 100),
    confidence: Math.min(1, Math.max(0, confidence)),
  }

const portOf = (port: PortVerdict, occurrenceId: string | null): EventPort => ({
  address: said(port.address, 45),
  port: port.port,
  transport: port.transport,
  service: port.service,
  verdict: port.verdict,
  strength: port.strength,
  lostAt: maybeIso(port.lostAt),
  recheck: port.recheck,
  cause: causeWord(port.cause, port.cause?.confidence ?? 1),
  occurrenceId,
})

function remedyOf(group: Group): EventRemedy {
  const { title, steps, kinds, formats } = group[0].remediation as Remediation
  return {
    title: said(title, 200),
    steps: stepsFor(steps, kinds),
    stepsTotal: steps.length,
    formats: formats.slice(0, 12),
    ports: firstPorts(group),
    portsTotal: group.length,
  }
}

/** What to do comes first in a message that may be cut: the change, how it is confirmed, then the rest in its own order. */
const URGENCY: readonly StepKind[] = ['change', 'confirm', 'limit', 'then', 'happened', 'letter', 'undo']

const stepsFor = (steps: readonly string[], kinds: readonly StepKind[] | undefined): EventRemedy['steps'] =>
  steps
    .map((text, i) => ({ kind: kinds?.[i] ?? ('change' as const), text: said(text, 420) }))
    .toSorted((a, b) => URGENCY.indexOf(a.kind) - URGENCY.indexOf(b.kind))
    .slice(0, MAX_STEPS)
