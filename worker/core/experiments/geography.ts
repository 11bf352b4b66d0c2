/**
 * E7, range and geography: who else is shut out, by how near they are to the scanner. Only members of the panel look, one
 * touch each a round, so the rounds are the experiment: what no member can show is said, not guessed.
 */
import type { PanelMember } from '../../../schema/facts.ts'
import type { Case, EndpointEvidence, ScanEvidence } from '../evidence.ts'
import { listed } from '../text.ts'

/** How near to the scanner, nearest first: its own site, its network elsewhere, its country elsewhere, the rest. */
export const NEARNESS = ['site', 'network', 'country', 'abroad'] as const
export type Nearness = (typeof NEARNESS)[number]

export interface Geography {
  /** members by nearness, while the scanner failed: those that got through at least once, and those that never did */
  reached: Record<Nearness, number>
  failed: Record<Nearness, number>
  /** the widest circle around the scanner in which everybody failed; null when even its own site got through */
  shut: Nearness | null
  /** what the panel could not show, as a sentence; null when every circle was looked at */
  untold: string | null
  looks: readonly string[]
}

/** Reads the rounds in which the scanner failed; null without any. A member need not have seen the port before. */
export function geographyOf(endpoint: EndpointEvidence, one: Case | null, scan: ScanEvidence): Geography | null {
  const { scanner } = scan
  const rounds = new Set((one?.rounds ?? []).filter((round) => round.scanner.failed).map(({ number }) => number))
  if (!scanner || rounds.size === 0) return null
  const looks = endpoint.looks.filter(
    ({ role, observation }) =>
      role !== 'scanner' &&
      observation.purpose === 'verify' &&
      observation.round !== undefined &&
      rounds.has(observation.round),
  )
  const reached = { site: 0, network: 0, country: 0, abroad: 0 }
  const failed = { site: 0, network: 0, country: 0, abroad: 0 }
  for (const member of scan.facts.panel) {
    const own = looks.filter(({ probeId }) => probeId === member.probeId)
    if (own.length === 0) continue
    const circle = own.some((look) => !look.failed) ? reached : failed
    circle[nearnessOf(member, scanner)]++
  }
  let shut: Nearness | null = null
  for (const circle of NEARNESS) {
    if (reached[circle] > 0) break
    if (failed[circle] > 0) shut = circle
  }
  return { reached, failed, shut, untold: untoldOf(reached, failed), looks: looks.map(({ id }) => id).slice(0, 20) }
}

function nearnessOf(member: PanelMember, scanner: PanelMember): Nearness {
  if (member.site === scanner.site) return 'site'
  if (member.asn !== null && member.asn === scanner.asn) return 'network'
  return member.country !== null && member.country === scanner.country ? 'country' : 'abroad'
}

const WHO: Record<Nearness, string> = {
  site: 'from the scanner’s own site',
  network: 'from the scanner’s network at another site',
  country: 'from another network of the scanner’s country',
  abroad: 'from another country',
}
function untoldOf(reached: Record<Nearness, number>, failed: Record<Nearness, number>): string | null {
  const missing = NEARNESS.filter((circle) => reached[circle] + failed[circle] === 0)
  return missing.length === 0
    ? null
    : `Nobody looked ${listed(missing.map((circle) => WHO[circle]))}: how wide the block is cannot be told there.`
}
