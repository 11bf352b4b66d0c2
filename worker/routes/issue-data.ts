/** Reads what the page of an issue shows: three queries, whatever it has gone through. */
import type { Context } from 'hono'
import { endpointKey } from '../../schema/facts.ts'
import type { AppEnv } from '../context.ts'
import { type IssueKit, kitOf } from '../issueKit.ts'
import type { IssueView } from '../portal/views.ts'
import { type IssueFile, readEngagement, readIssueFile } from '../store/issue-page.ts'
import type { PageRequest } from '../store/page.ts'
import { type Book, versionedFrom, versionedReads } from '../store/ranges.ts'
import { readSeen } from '../store/seen.ts'
import { albumOfScan } from './scan-data.ts'

/** Occurrences on one page. */
export const OCCURRENCES = 25

export interface IssueRead {
  view: IssueView
  /** what an allowlist for it holds */
  kit: IssueKit
  published: Book['published']
}

/** With what was seen of its first `drawn` ports. Null when the caller has no such issue. */
export async function readIssuePage(
  c: Context<AppEnv>,
  id: string,
  request: PageRequest,
  drawn: number,
): Promise<IssueRead | null> {
  const { db, now } = c.var.world
  const { tenantId, scope } = c.var.caller
  const file = await readIssueFile(db, tenantId, id, request, versionedReads(db))
  if (!file) return null
  const { ranges, published } = versionedFrom(file.more)
  const { issue, target, targetRow, scan, endpoints, lost } = file
  const ports = lost.slice(0, drawn)
  const [engagement, seen] = await Promise.all([
    scan?.finishedAt ? readEngagement(db, tenantId, scan.id) : [],
    scan && ports.length > 0 ? readSeen(db, tenantId, scan.id, ports) : null,
  ])
  return {
    view: {
      ...viewOf(file, scope === 'admin'),
      checks: checksOf(engagement),
      album: scan && seen && albumOfScan(scan, target, seen, now),
    },
    kit: kitOf({ issueId: issue.id, target: targetRow, panel: scan?.panel ?? [], endpoints, verdicts: lost, ranges }),
    published,
  }
}

const checksOf = (engagement: Awaited<ReturnType<typeof readEngagement>>): IssueView['checks'] =>
  Object.fromEntries(engagement.map(({ planned, done, ...each }) => [endpointKey(each), { planned, done }]))

const DEEDS: Readonly<Record<string, 'snoozed' | 'woken'>> = {
  'POST /api/v1/issues/:id/snooze': 'snoozed',
  'DELETE /api/v1/issues/:id/snooze': 'woken',
}

function viewOf(file: IssueFile, mayAdmin: boolean): Omit<IssueView, 'checks' | 'album'> {
  const { issue, target, targetRemovedAt, targetRow, occurrences, endpoints } = file
  const { snoozedUntil: until, snoozeReason: reason, snoozeNote: note, state } = issue
  return {
    ...issue,
    ...{ target, targetRemovedAt, tags: targetRow?.tags ?? [], before: file.before },
    snooze: state === 'snoozed' ? { until, reason, note } : null,
    ...{ scan: file.scan, rules: file.rules, lost: file.lost, lostCount: endpoints.length },
    ...{
      occurrences: occurrences.items,
      occurrencesNext: occurrences.nextCursor,
      seen: file.seen,
      outputs: file.outputs,
    },
    ...{ sightings: file.sightings, retests: file.retests },
    proofs: file.proofs.map((proof) => ({ ...proof, hasStimulus: proof.hasStimulus === 1 })),
    deeds: file.deeds.flatMap(({ at, actor, deed }) => {
      const word = DEEDS[deed]
      return word ? [{ at, deed: word, by: mayAdmin ? actor : null }] : []
    }),
  }
}
