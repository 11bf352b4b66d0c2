/** The two lists that several pages show: scans and issues. */
import { html } from 'hono/html'
import type { IssueRow, ScanRow } from '../views.ts'
import { FINDING, SCAN_STATE, SCAN_VERDICT } from '../words.ts'
import { Badge } from './badge.tsx'
import { Ago } from './time.tsx'

export const ScanBadge = ({ state, verdict }: Pick<ScanRow, 'state' | 'verdict'>) =>
  state === 'finished' && verdict ? (
    <Badge tone={SCAN_VERDICT[verdict].tone} text={verdict} />
  ) : (
    <Badge tone={SCAN_STATE[state].tone} text={state} />
  )

export const ScanList = ({ scans, now, none }: { scans: readonly ScanRow[]; now: number; none: string }) =>
  scans.length === 0 ? (
    <p class="none">{none}</p>
  ) : (
    <ul class="rows">
      {scans.map((scan) => (
        <li>
          <a class="row" href={`/scans/${scan.id}`}>
            <span class="what">
              <strong>{scan.target}</strong>{' '}
              <span class="dim">
                from {scan.site || 'any site'} · {scan.profile}
                {scan.retestOf !== null && ' · retest'}
              </span>
            </span>
            <ScanBadge state={scan.state} verdict={scan.verdict} />
            <span class="when">
              <Ago at={scan.finishedAt ?? scan.createdAt} now={now} />
            </span>
            <span class="say">{scan.coverage ?? SCAN_STATE[scan.state].sentence}</span>
          </a>
        </li>
      ))}
    </ul>
  )

/** `open since 3 d ago`; of a closed issue both ends. */
export const Lifetime = ({
  of: { openedAt, closedAt },
  now,
}: {
  of: Pick<IssueRow, 'openedAt' | 'closedAt'>
  now: number
}) =>
  closedAt === null
    ? html`open since ${Ago({ at: openedAt, now })}`
    : html`opened ${Ago({ at: openedAt, now })}, closed ${Ago({ at: closedAt, now })}`

export const IssueList = ({ issues, now, none }: { issues: readonly IssueRow[]; now: number; none: string }) =>
  issues.length === 0 ? (
    <p class="none">{none}</p>
  ) : (
    <ul class="rows">
      {issues.map((issue) => (
        <li>
          <a class="row" href={`/issues/${issue.id}`}>
            <span class="what">
              <strong>{issue.title}</strong>
            </span>
            <Badge
              tone={issue.state === 'open' ? FINDING[issue.finding] : 'mute'}
              text={issue.state === 'open' ? issue.finding : issue.state}
            />
            <span class="when">
              <Ago at={issue.restatedAt} now={now} />
            </span>
            <span class="say">
              <Lifetime of={issue} now={now} />
              {issue.answeredAt !== null &&
                issue.state !== 'closed' &&
                '; the ports answer again, not yet proved fixed'}
            </span>
          </a>
        </li>
      ))}
    </ul>
  )
