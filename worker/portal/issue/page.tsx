import { Page } from '../layout.tsx'
import { AllowlistPart } from '../parts/allowlist.tsx'
import type { ListAsk } from '../parts/listing.tsx'
import { Losses } from '../parts/loss.tsx'
import { Fact } from '../parts/table.tsx'
import { TargetLink } from '../parts/target.tsx'
import { Time } from '../parts/time.tsx'
import type { AllowlistView, Frame, IssueView } from '../views.ts'
import { IssueHead } from './head.tsx'
import { IssueLog } from './log.tsx'
import { WhatNext } from './next.tsx'
import { Occurrences } from './occurrences.tsx'

export interface IssuePageProps {
  frame: Frame
  issue: IssueView
  /** null where no allowlist cures it */
  allowlist: AllowlistView | null
  /** of its occurrences */
  ask: ListAsk
}

/** Ports whose picture stands in the page: the others were lost to the same, and theirs are fetched when they are opened. */
export const DRAWN = 1
const RENEW_S = 5

export const IssuePage = ({ frame, issue, allowlist, ask }: IssuePageProps) => {
  const isWaiting = [...issue.retests, ...issue.proofs].some(({ finishedAt }) => finishedAt === null)
  const fresh = isWaiting ? String(RENEW_S) : undefined
  const { scan } = issue
  const times = scan?.startedAt && scan.finishedAt ? { from: scan.startedAt, to: scan.finishedAt } : null
  return (
    <Page
      title={issue.title}
      frame={frame}
      renewAfter={isWaiting ? RENEW_S : undefined}
      islands={['fresh.js', 'lanes.js', 'pane.js']}
    >
      <p class="crumb">
        <a href="/issues">Issues</a> · <TargetLink of={issue} />
      </p>
      <div id="standing" data-fresh={fresh}>
        <IssueHead issue={issue} now={frame.now} hasAllowlist={allowlist !== null} />
        <Ways issue={issue} />
        <WhatNext issue={issue} frame={frame} />
      </div>
      {issue.lost.length > 0 && (
        <section>
          <h2>As last seen</h2>
          {scan?.coverage && <p class="lead">{scan.coverage.statement}</p>}
          <Losses
            ports={issue.lost}
            checks={issue.checks}
            issueOf={{}}
            scan={times}
            album={issue.album}
            drawAtMost={DRAWN}
            output={scan?.outputBytes ? `/scans/${scan.id}/output` : undefined}
          />
          {issue.lostCount > issue.lost.length && (
            <p class="dim">
              {issue.lostCount - issue.lost.length === 1
                ? '1 more port is'
                : `${(issue.lostCount - issue.lost.length).toLocaleString('en')} more ports are`}{' '}
              <a href={scan ? `/scans/${scan.id}` : '#occurrences'}>told with the scan</a>.
            </p>
          )}
        </section>
      )}
      {allowlist && <AllowlistPart allowlist={allowlist} />}
      <Occurrences issue={issue} ask={ask} now={frame.now} />
      <div id="so-far" data-fresh={fresh}>
        <IssueLog issue={issue} />
        <Facts issue={issue} />
      </div>
    </Page>
  )
}

/** Where else to look. */
const Ways = ({ issue: { id, scan } }: { issue: IssueView }) => (
  <p class="actions">
    {scan && (
      <a class="button" href={`/scans/${scan.id}`}>
        The scan that saw it last
      </a>
    )}
    {scan?.outputBytes ? (
      <a class="button" href={`/scans/${scan.id}/output`} data-pane={`/scans/${scan.id}/output?whole`}>
        See scan output
      </a>
    ) : null}
    <a class="button" href={`/issues/${id}/report`}>
      Report for an auditor
    </a>
  </p>
)

const Facts = ({ issue }: { issue: IssueView }) => (
  <dl class="facts">
    <Fact name={issue.closedAt === null ? 'Open since' : 'Opened'}>
      <Time at={issue.openedAt} />
    </Fact>
    <Fact name="Last seen">
      <Time at={issue.restatedAt} />
    </Fact>
    {issue.closedAt !== null && (
      <Fact name="Closed">
        <Time at={issue.closedAt} />
      </Fact>
    )}
    {issue.lastProofId && (
      <Fact name="Last proof">
        <a href={`/proofs/${issue.lastProofId}`}>from each address</a>
      </Fact>
    )}
    {issue.tags.length > 0 && <Fact name="Tags">{issue.tags.join(', ')}</Fact>}
    {issue.rules && <Fact name="Rules">version {issue.rules}</Fact>}
    <Fact name="Id">
      <code>{issue.id}</code>
    </Fact>
  </dl>
)
