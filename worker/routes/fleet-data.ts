/** Reads what the fleet's pages show. */
import { AGENT } from '../../schema/version.ts'
import type { FleetProbe, ProbeState, SiteLine } from '../portal/fleet-rows.tsx'
import type { ProbeRow } from '../portal/views.ts'
import type { Db } from '../store/db.ts'
import { holderOf, listProbes, type Probe } from '../store/probes.ts'
import { listRanges, type Range } from '../store/ranges.ts'
import { stateOf } from './probe-state.ts'
import { isOlder } from './shape.ts'

/** Of the whole fleet, by site. */
export async function readFleet(db: Db, now: number): Promise<FleetProbe[]> {
  const [probes, ranges] = await Promise.all([listProbes(db), listRanges(db)])
  const living = ranges.filter(({ state }) => state !== 'retired')
  return probes
    .map((probe) => fleetProbe(probe, living, now))
    .toSorted((a, b) => a.site.localeCompare(b.site) || a.sourceAddress.localeCompare(b.sourceAddress))
}

function fleetProbe(probe: Probe, living: readonly Range[], now: number): FleetProbe {
  const range = holderOf(living, probe.sourceAddress)
  const { id, site, sourceAddress, country, provider, asn, agent, disagreement, seenAt, enrolledAt } = probe
  const state = stateOf(probe, now)
  return {
    ...{ id, site, sourceAddress, country, provider, asn, agent, disagreement, seenAt, enrolledAt },
    ...{ drainedAt: probe.drainedAt, quarantinedAt: probe.quarantinedAt },
    upgradeTo: isOlder(agent, AGENT) ? (AGENT.split('/')[1] ?? null) : null,
    state,
    why: whyOf(state, probe),
    allowPrivate: probe.allowPrivate === 1,
    range: range && {
      cidr: range.cidr,
      state: range.state,
      activeFrom: range.activeFrom,
      retireAfter: range.retireAfter,
    },
  }
}

function whyOf(state: ProbeState, { health, quarantineReason }: Probe): string {
  if (state === 'quarantined') return quarantineReason ?? ''
  if (state === 'not_fit') return health?.reasons.join('; ') || 'It gave no reason.'
  return ''
}

/** What every tenant may know of it. */
export function sitesOf(probes: readonly ProbeRow[]): SiteLine[] {
  const sites = [...new Set(probes.map(({ site }) => site))].toSorted()
  const said = (words: readonly (string | null)[]) => [...new Set(words.filter((word) => word !== null))].join(', ')
  return sites.map((site) => {
    const members = probes.filter((probe) => probe.site === site)
    return {
      site,
      country: said(members.map(({ country }) => country)),
      provider: said(members.map(({ provider }) => provider)),
      probes: members.length,
      online: members.filter(({ online }) => online).length,
      fit: members.filter(({ online, fit }) => online && fit !== false).length,
    }
  })
}
