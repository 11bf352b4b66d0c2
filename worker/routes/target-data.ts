/** Reads what the page of one target shows, in three queries. */
import { MOST_KNOWN } from '../../schema/facts.ts'
import { subjectsOf, verificationFrom } from '../controlView.ts'
import type { ProofLine, SiteView, TargetView } from '../portal/views.ts'
import { coverOf } from '../store/letters.ts'
import { recentScans } from '../store/portal.ts'
import { proofIdOf } from '../store/proofs.ts'
import { type ProofRow, readAround, STRIP_SCANS } from '../store/targetPage.ts'
import { readTarget } from '../store/targets.ts'
import type { World } from '../world.ts'
import { badgePath } from './badges.ts'
import { PROOF_STATE_OF } from './proofShape.ts'

/** Null when the tenant has no such target. `base`: where we are reached from outside. */
export async function readTargetView(
  { db, now }: Pick<World, 'db' | 'now'>,
  tenantId: string,
  id: string,
  base: string,
): Promise<TargetView | null> {
  const target = await readTarget(db, tenantId, id)
  if (!target) return null
  const lastScans = Object.values(target.lastKnown).map(({ scanId }) => scanId)
  const [scans, around] = await Promise.all([
    recentScans(db, tenantId, id, STRIP_SCANS),
    readAround(db, tenantId, id, { addresses: subjectsOf([target]), ports: target.ports, lastScans }, now),
  ])
  const name = target.name ?? target.address
  const sites: SiteView[] = Object.entries(target.lastKnown)
    .map(([site, known]) => {
      const asked = known.ports.length < MOST_KNOWN && around.asked.find((scan) => scan.id === known.scanId)
      return { site, ...known, asked: asked || null }
    })
    .sort((a, b) => a.site.localeCompare(b.site))
  const facts = {
    rows: new Map(around.controls.map((row) => [row.subject, row])),
    letterFor: coverOf(around.letters),
    looking: new Set(around.isLooking ? [id] : []),
  }
  return {
    ...target,
    sites,
    scans,
    issues: around.issues.map((issue) => ({ ...issue, targetId: id, target: name })),
    proofs: around.proofs.map(proofLine),
    strips: around.strips,
    portsSeen: around.portsSeen,
    portsTroubled: around.portsTroubled,
    newestWhole: around.newestWhole,
    verification: verificationFrom(target, facts, now),
    badgeUrl: target.badgeKey === null ? null : `${base.replace(/\/+$/, '')}${badgePath(id, target.badgeKey)}`,
  }
}

function proofLine({ id, state, failureCode, verdict, statement, createdAt }: ProofRow): ProofLine {
  const said = PROOF_STATE_OF[state]
  return {
    id: proofIdOf(id),
    state: said,
    failure: failureCode,
    verdict: said === 'finished' ? verdict : null,
    statement: statement ?? (said === 'running' ? 'It is under way.' : 'It did not come to a result.'),
    createdAt,
  }
}
