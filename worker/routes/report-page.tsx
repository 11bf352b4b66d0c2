/** A scan or an issue as a document for an auditor. */
import { Hono } from 'hono'
import { VERSION } from '../../schema/version.ts'
import type { AppEnv } from '../context.ts'
import { Failure } from '../failure.ts'
import { tenant } from '../guards/tenant.ts'
import { judgementNow } from '../live.ts'
import { ReportPage } from '../portal/report/page.tsx'
import type { ReportView } from '../portal/report/view.ts'
import type { IssueView } from '../portal/views.ts'
import { isForgotten } from '../store/forget.ts'
import { type ReportFile, readReport } from '../store/report.ts'
import { OCCURRENCES, readIssuePage } from './issue-data.ts'
import { frameOf, show } from './show.tsx'

const missing = (noun: string): Failure => new Failure('not_found', `There is no ${noun} with that id.`)

export const reportPageRoutes = new Hono<AppEnv>()
  .get('/scans/:id/report', tenant, async (c) => {
    const { world, caller } = c.var
    const [frame, file] = await Promise.all([frameOf(c), readReport(world.db, caller.tenantId, c.req.param('id'))])
    if (!file) throw missing('scan')
    // A running scan is judged afresh, as on its own page.
    const judgement = await judgementNow(world, file.scan)
    return show(c, <ReportPage frame={frame} report={viewOf({ ...file, scan: { ...file.scan, judgement } }, null)} />)
  })
  .get('/issues/:id/report', tenant, async (c) => {
    const { world, caller } = c.var
    const [frame, read] = await Promise.all([
      frameOf(c),
      readIssuePage(c, c.req.param('id'), { limit: OCCURRENCES, cursor: null }, 0),
    ])
    if (!read) throw missing('issue')
    const file = read.view.scan && (await readReport(world.db, caller.tenantId, read.view.scan.id))
    if (!file) throw new Failure('not_found', 'No scan of this issue is kept, so there is nothing to report.')
    return show(c, <ReportPage frame={frame} report={viewOf(file, read.view)} />)
  })

/** The last part of the key of an output is its digest; keys of other forms have none. */
const hashIn = (key: string | null): string | null => /\/([0-9a-f]{64})$/.exec(key ?? '')?.[1] ?? null

function viewOf(
  { scan, target, lost, proof, runs, touches, hasFacts }: ReportFile,
  issue: IssueView | null,
): ReportView {
  const probeOf = new Map(runs.map(({ id, probeId }) => [id, probeId]))
  return {
    ...scan,
    target: target?.name ?? 'a removed target',
    targetAddress: target?.address ?? null,
    tags: target?.tags ?? [],
    failure: scan.failureCode === null ? null : { code: scan.failureCode, detail: scan.failureDetail ?? '' },
    outputHash: hashIn(scan.outputKey),
    issues: [...new Set(lost.map(({ issueId }) => issueId))],
    touches: touches.map(({ runId, ...rest }) => ({ ...rest, probeId: probeOf.get(runId) ?? '' })),
    observations: hasFacts ? 'kept' : isForgotten(scan, runs.length) ? 'forgotten' : 'none',
    proof: proof && { ...proof, hasStimulus: proof.hasStimulus === 1 },
    provedAt: target?.provedAt ?? null,
    outdatedBy: target?.outdatedBy ?? [],
    version: VERSION,
    issue,
  }
}
