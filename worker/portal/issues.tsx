import { HARMLESS_VERDICTS } from '../../schema/words.ts'
import { Page } from './layout.tsx'
import { AllowlistPart } from './parts/allowlist.tsx'
import { Badge, VerdictBadge } from './parts/badge.tsx'
import { Losses } from './parts/loss.tsx'
import { causeName } from './parts/port.tsx'
import { ProveForm } from './parts/prove.tsx'
import { IssueList } from './parts/rows.tsx'
import { Fact, Table } from './parts/table.tsx'
import { Ago, Time } from './parts/time.tsx'
import type { AllowlistView, Frame, IssueRow, IssueView } from './views.ts'
import { FINDING, SNOOZE } from './words.ts'

export const IssuesPage = ({
  frame,
  open,
  closed,
}: {
  frame: Frame
  open: readonly IssueRow[]
  closed: readonly IssueRow[]
}) => (
  <Page title="Issues" frame={frame}>
    <h1>Issues</h1>
    <section>
      <h2>Open and snoozed</h2>
      <IssueList issues={open} now={frame.now} none="No open issue." />
    </section>
    <section>
      <h2>Closed</h2>
      <IssueList issues={closed} now={frame.now} none="No issue has been closed yet." />
    </section>
  </Page>
)

export interface IssuePageProps {
  frame: Frame
  issue: IssueView
  /** null where no allowlist cures it */
  allowlist: AllowlistView | null
}

export const IssuePage = ({ frame, issue, allowlist }: IssuePageProps) => {
  // The newest occurrences are those of the last scan that saw it: they are shown whole, older ones as lines.
  const newest = issue.occurrences.filter((each) => each.scanId === issue.occurrences[0]?.scanId)
  const lost = newest.flatMap((each) => each.verdict ?? [])
  return (
    <Page title={issue.title} frame={frame}>
      <p class="crumb">
        <a href="/issues">Issues</a> · <a href={`/targets/${issue.targetId}`}>{issue.target}</a>
      </p>
      <section class={`verdict ${issue.state === 'open' ? FINDING[issue.finding] : 'mute'}`}>
        <p>
          <Badge
            tone={issue.state === 'open' ? FINDING[issue.finding] : 'mute'}
            text={`${issue.finding}, ${issue.state}`}
          />
        </p>
        <h1>{issue.title}</h1>
        <Standing issue={issue} />
        {issue.state !== 'closed' && <Retest id={issue.id} mayWrite={frame.mayWrite} />}
        {issue.state !== 'closed' && issue.finding === 'interference' && (
          <ProveForm targetId={issue.targetId} mayWrite={frame.mayWrite} />
        )}
      </section>
      <dl class="facts">
        <Fact name="Open since">
          <Time at={issue.openedAt} />
        </Fact>
        <Fact name="Last seen">
          <Time at={issue.restatedAt} />
        </Fact>
        {issue.lastProofId && (
          <Fact name="Last proof">
            <a href={`/proofs/${issue.lastProofId}`}>from each address</a>
          </Fact>
        )}
        <Fact name="Id">
          <code>{issue.id}</code>
        </Fact>
      </dl>
      {lost.length > 0 && (
        <section>
          <h2>As last seen</h2>
          <Losses ports={lost} checks={issue.checks} issueOf={{}} scan={null} />
        </section>
      )}
      {allowlist && <AllowlistPart allowlist={allowlist} />}
      <section>
        <h2>Every time it was seen</h2>
        <Occurrences issue={issue} now={frame.now} />
      </section>
    </Page>
  )
}

/** An issue closes only on proof, so the page says what proof is still missing. */
const Standing = ({ issue }: { issue: IssueView }) => {
  if (issue.state === 'closed' && issue.closedAt !== null) {
    return (
      <p class="lead">
        Proved fixed <Time at={issue.closedAt} />
        {issue.closedBy?.startsWith('scn_') && (
          <>
            {' '}
            by <a href={`/scans/${issue.closedBy}`}>a retest that ended clear</a>
          </>
        )}
        {issue.closedBy?.startsWith('prf_') && (
          <>
            {' '}
            by <a href={`/proofs/${issue.closedBy}`}>a proof with the stimulus from every address</a>
          </>
        )}
        .
      </p>
    )
  }
  return (
    <>
      {issue.snooze && issue.state === 'snoozed' && (
        <p>
          Snoozed{issue.snooze.reason && ` as ${SNOOZE[issue.snooze.reason]}`}
          {issue.snooze.until !== null && (
            <>
              {' '}
              until <Time at={issue.snooze.until} />
            </>
          )}
          {issue.snooze.note && `: ${issue.snooze.note}`}
        </p>
      )}
      <p class="lead">
        {issue.answeredAt === null
          ? 'It closes when a retest from the same address, with the same stimulus, ends clear, or when every address passes with that stimulus.'
          : 'The ports answer again. Bans run out by themselves, so only a retest or a proof with the same stimulus can close it.'}
      </p>
    </>
  )
}

const Retest = ({ id, mayWrite }: { id: string; mayWrite: boolean }) =>
  mayWrite ? (
    <form method="post" action={`/api/v1/issues/${id}/retest`}>
      <button class="main" type="submit">
        Retest now
      </button>{' '}
      <span class="dim">scans what was lost again, from the same address with the same profile</span>
    </form>
  ) : (
    <p class="dim">
      A key of scope write can start the retest: <code>POST /api/v1/issues/{id}/retest</code>
    </p>
  )

const Occurrences = ({ issue, now }: { issue: IssueView; now: number }) =>
  issue.occurrences.length === 0 ? (
    <p class="none">No occurrence is kept.</p>
  ) : (
    <Table
      label="Occurrences"
      columns={['Port', 'Seen', 'Verdict', 'Cause', 'Scan']}
      rows={issue.occurrences.map(({ port, address, seenAt, verdict, scanId }) => [
        <>
          {port} <span class="dim">{address}</span>
        </>,
        <Ago at={seenAt} now={now} />,
        verdict ? (
          <>
            <VerdictBadge verdict={verdict.verdict} strength={verdict.strength} />
            {HARMLESS_VERDICTS.includes(verdict.verdict) && ' after judging again'}
          </>
        ) : (
          ''
        ),
        verdict?.cause ? causeName(verdict.cause) : '',
        <a href={`/scans/${scanId}`}>scan</a>,
      ])}
    />
  )
