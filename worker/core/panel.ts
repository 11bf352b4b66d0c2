import type { PanelMember } from '../../schema/facts.ts'
import type { Standing } from '../../schema/wire.ts'

/** A probe as the choice of a panel sees it. `lastScannedAt` speaks of this target; null = never. */
export interface ProbeFacts {
  probeId: string
  site: string
  provider: string | null
  country: string | null
  asn: number | null
  sourceAddress: string
  allowPrivate: boolean
  online: boolean
  fit: boolean
  /** what the life of its range lets it do */
  standing: Pick<Standing, 'looks' | 'scans' | 'detail'>
  lastScannedAt: number | null
}

export interface PanelRequest {
  probes: readonly ProbeFacts[]
  /** the wanted site; null = any */
  site: string | null
  /** the wanted scanner; null = choose */
  scannerProbeId: string | null
  /** who scanned this target from this site last time: it goes on, so that its sibling stays rested */
  sticky: string | null
  /** whoever has not scanned it for longest scans it: a target that puts probes to the proof */
  inTurn?: boolean
  family: 4 | 6
  needsPrivate: boolean
  now: number
}

export type PanelChoice = { panel: PanelMember[] } | { failure: 'no_probe'; detail: string }

export const RESTED_MS = 24 * 3_600_000
export const MAX_WITNESSES = 3

/**
 * Who looks, for one scan: the scanner, its sibling (same site) and up to three witnesses, each from another site and,
 * as far as the fleet allows, another provider, country and network. Rested probes come before tired ones. A probe that
 * last called itself unfit comes after all others, but it comes: that word may be a minute old, and each of its touches
 * says anew whether it was fit to see what it saw.
 */
export function choosePanel(request: PanelRequest): PanelChoice {
  const able = request.probes
    .filter((probe) => usable(probe, request))
    .toSorted((a, b) => (a.probeId < b.probeId ? -1 : 1))
  const scanner = chooseScanner(able, request)
  if (!scanner) return { failure: 'no_probe', detail: whyNone(able, request) }

  const others = able.filter((probe) => probe.probeId !== scanner.probeId)
  const sibling = others.filter((probe) => probe.site === scanner.site).toSorted(byRest(request.now))[0]
  const witnesses = chooseWitnesses(
    others.filter((probe) => probe.site !== scanner.site),
    scanner,
    request.now,
  )
  const member = (probe: ProbeFacts, role: PanelMember['role']): PanelMember => ({
    probeId: probe.probeId,
    role,
    site: probe.site,
    provider: probe.provider,
    country: probe.country,
    asn: probe.asn,
    sourceAddress: probe.sourceAddress,
    fit: probe.fit,
    rested: isRested(probe, request.now),
  })
  return {
    panel: [
      member(scanner, 'scanner'),
      ...(sibling ? [member(sibling, 'sibling')] : []),
      ...witnesses.map((probe) => member(probe, 'witness')),
    ],
  }
}

const isRested = (probe: ProbeFacts, now: number) =>
  probe.lastScannedAt === null || now - probe.lastScannedAt >= RESTED_MS

const usable = (probe: ProbeFacts, { family, needsPrivate }: PanelRequest) =>
  probe.online &&
  probe.standing.looks &&
  (probe.sourceAddress.includes(':') ? 6 : 4) === family &&
  (!needsPrivate || probe.allowPrivate)

function chooseScanner(present: readonly ProbeFacts[], { scannerProbeId, site, sticky, inTurn = false }: PanelRequest) {
  const able = present.filter((probe) => probe.standing.scans)
  if (scannerProbeId) return able.find((probe) => probe.probeId === scannerProbeId && (!site || probe.site === site))
  const there = site ? able.filter((probe) => probe.site === site) : able
  const fit = there.filter((probe) => probe.fit)
  const here = fit.length > 0 ? fit : there
  const former = here.find((probe) => probe.probeId === sticky)
  if (former) return former
  // A site with a second probe gives a sibling, and only with a sibling can interference be confirmed.
  const company = (probe: ProbeFacts) => present.filter((other) => other.site === probe.site).length
  // Who scanned last goes on: a new scanner would tire a second address of the site.
  const last = (probe: ProbeFacts) => probe.lastScannedAt ?? 0
  if (inTurn) return here.toSorted((a, b) => last(a) - last(b))[0]
  return here.toSorted((a, b) => Math.min(company(b), 2) - Math.min(company(a), 2) || last(b) - last(a))[0]
}

/** Fit first, then rested, then the one that rested longest. */
const byRest = (now: number) => (a: ProbeFacts, b: ProbeFacts) =>
  Number(b.fit) - Number(a.fit) ||
  Number(isRested(b, now)) - Number(isRested(a, now)) ||
  (a.lastScannedAt ?? 0) - (b.lastScannedAt ?? 0)

/** One at a time, each as unlike those already chosen as the fleet allows. */
function chooseWitnesses(pool: readonly ProbeFacts[], scanner: ProbeFacts, now: number): ProbeFacts[] {
  const chosen: ProbeFacts[] = []
  const likeness = (a: ProbeFacts, b: ProbeFacts) =>
    (a.site === b.site ? 8 : 0) +
    (a.asn !== null && a.asn === b.asn ? 4 : 0) +
    (a.provider !== null && a.provider === b.provider ? 2 : 0) +
    (a.country !== null && a.country === b.country ? 1 : 0)
  const cost = (probe: ProbeFacts) =>
    (probe.fit ? 0 : 1_000) +
    (isRested(probe, now) ? 0 : 100) +
    [scanner, ...chosen].reduce((sum, other) => sum + likeness(probe, other), 0)
  while (chosen.length < MAX_WITNESSES) {
    const next = pool.filter((probe) => !chosen.includes(probe)).toSorted((a, b) => cost(a) - cost(b))[0]
    if (!next) break
    chosen.push(next)
  }
  return chosen
}

function whyNone(able: readonly ProbeFacts[], { scannerProbeId, site, family, needsPrivate, probes }: PanelRequest) {
  if (probes.length === 0) return 'No probe is enrolled.'
  const shut = whyShut(probes, { scannerProbeId, site })
  if (shut) return shut
  const kind = `IPv${family}${needsPrivate ? ', with --allow-private,' : ''}`
  if (able.length === 0) return `No probe that is online and in an active range can reach this target (${kind} needed).`
  if (scannerProbeId) return `Probe ${scannerProbeId} is not online, or cannot reach this target (${kind} needed).`
  return `Site ${site} has no probe that is online and able to reach this target (${kind} needed).`
}

/** What the ranges have to do with it: the wanted probe, or all of the wanted site, may not scan from where they are. */
function whyShut(
  probes: readonly ProbeFacts[],
  { scannerProbeId, site }: Pick<PanelRequest, 'scannerProbeId' | 'site'>,
) {
  const wanted = probes.filter(
    (probe) => probe.online && (scannerProbeId ? probe.probeId === scannerProbeId : !site || probe.site === site),
  )
  const [first] = wanted
  if (!first || wanted.some((probe) => probe.standing.scans)) return null
  const who = scannerProbeId ? `Probe ${scannerProbeId}` : site ? `Site ${site}` : 'The fleet'
  return `${who} may not scan: ${first.standing.detail}`
}
