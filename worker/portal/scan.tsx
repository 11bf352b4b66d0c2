import type { ScanCoverage } from '../../schema/judgement.ts'
import { type FailureWord, HARMLESS_VERDICTS, PHASES } from '../../schema/words.ts'
import { Page } from './layout.tsx'
import { Badge, Share } from './parts/badge.tsx'
import { Losses } from './parts/loss.tsx'
import { PortTable } from './parts/port.tsx'
import { ScanBadge } from './parts/rows.tsx'
import { Fact, Files, Table } from './parts/table.tsx'
import { TargetLink } from './parts/target.tsx'
import { span, Time } from './parts/time.tsx'
import type { ChecksOf, Frame, ScanView } from './views.ts'
import { FAILURE, metNothing, NOTHING_OPEN, SCAN_STATE, SCAN_VERDICT } from './words.ts'

export const ScanPage = ({ frame, scan }: { frame: Frame; scan: ScanView }) => {
  const ports = scan.judgement?.ports ?? []
  const detailed = ports.filter((port) => !HARMLESS_VERDICTS.includes(port.verdict))
  const times = scan.startedAt === null ? null : { from: scan.startedAt, to: scan.finishedAt ?? frame.now }
  const runs = scan.finishedAt === null
  const output = scan.outputBytes === null ? undefined : `/scans/${scan.id}/output`
  return (
    <Page
      title={`Scan of ${scan.target}`}
      frame={frame}
      renewAfter={runs ? 3 : undefined}
      islands={['live.js', 'lanes.js', 'pane.js']}
    >
      <p class="crumb">
        <a href="/scans">Scans</a> · <TargetLink of={scan} />
      </p>
      <div id="live-head" data-live>
        <Head scan={scan} />
      </div>
      {runs && <Under scan={scan} frame={frame} />}
      <div id="live-coverage" data-live>
        <Coverage scan={scan} />
      </div>
      <div id="live-losses" data-live>
        {detailed.length > 0 && (
          <section>
            <h2>{runs ? 'What stands in the way so far' : 'What stood in the way'}</h2>
            <Losses
              ports={detailed}
              checks={scan.checks}
              issueOf={scan.issueOf}
              scan={times}
              album={scan.album}
              output={output}
            />
          </section>
        )}
      </div>
      <section id="live-ports" data-live>
        <h2>All open ports</h2>
        {ports.length === 0 ? (
          <p class="none">{noPortWords(scan)}</p>
        ) : (
          <>
            <PortTable ports={ports} detailed={new Set(detailed)} checks={scan.checks} runs={runs} />
            <Files path={`/scans/${scan.id}/ports`} />
          </>
        )}
      </section>
      <section id="live-panel" data-live>
        <h2>Who looked</h2>
        <p class="dim measure">
          The scanner does the scan; the others only look. If its sibling, on the same site and way, gets through, the
          way is not to blame. If witnesses elsewhere get through, the service is not down.
        </p>
        <Panel scan={scan} />
        {scan.panel.length > 0 && <Files path={`/scans/${scan.id}/panel`} />}
      </section>
      <div id="live-facts" data-live>
        <Facts scan={scan} />
      </div>
    </Page>
  )
}

/** Why no port is listed: none was open, none was found before the end, or nobody ever looked. */
function noPortWords({ state, finishedAt, judgement }: ScanView): string {
  if (finishedAt === null) return 'None found so far.'
  if (judgement === null) return 'Nothing was looked for: the scan never began.'
  if (judgement.coverage?.portsTested === 0) return 'It did not get to finding ports.'
  return state === 'finished' ? 'No open port was found.' : 'None was found before it ended.'
}

const Head = ({ scan }: { scan: ScanView }) => {
  const verdict = scan.state === 'finished' ? (scan.judgement?.verdict ?? null) : null
  const sentence =
    verdict && metNothing(scan.judgement)
      ? NOTHING_OPEN
      : verdict
        ? SCAN_VERDICT[verdict].sentence
        : SCAN_STATE[scan.state].sentence
  const known = (code: string): code is FailureWord => Object.hasOwn(FAILURE, code)
  return (
    <section class={`verdict ${verdict ? SCAN_VERDICT[verdict].tone : SCAN_STATE[scan.state].tone}`}>
      {!verdict && (
        <p>
          <ScanBadge state={scan.state} verdict={null} />
        </p>
      )}
      <h1>
        {verdict ? SCAN_VERDICT[verdict].title : 'Scan'}: {scan.target}
      </h1>
      <p class="lead">
        {sentence}
        {scan.judgement?.coverage && scan.finishedAt !== null && <> {scan.judgement.coverage.statement}</>}
      </p>
      {scan.failure && (
        <p>
          {known(scan.failure.code) ? FAILURE[scan.failure.code] : scan.failure.code}{' '}
          <span class="dim">{scan.failure.detail}</span>
        </p>
      )}
      {scan.judgement?.waf && (
        <p>
          In front of it stands {scan.judgement.waf.vendor}{' '}
          <span class="dim">({scan.judgement.waf.evidence.join('; ')})</span>
        </p>
      )}
      <Ways scan={scan} />
    </section>
  )
}

/** Where to look further, once there is something. */
const Ways = ({ scan: { id, finishedAt, outputBytes } }: { scan: ScanView }) =>
  finishedAt === null && outputBytes === null ? null : (
    <p class="actions">
      {outputBytes !== null && (
        <>
          <a class="button main" href={`/scans/${id}/output`} data-pane={`/scans/${id}/output?whole`}>
            See scan output
          </a>
          <a class="button" href={`/scans/${id}/output?whole`}>
            Download it
          </a>
        </>
      )}
      {finishedAt !== null && (
        <a class="button" href={`/scans/${id}/report`}>
          Report for an auditor
        </a>
      )}
      {outputBytes !== null && <span class="dim">The raw output has {outputBytes.toLocaleString('en')} bytes.</span>}
    </p>
  )

/** What only a running scan has: its phases, how far it is, what just happened, and the way to stop it. */
const Under = ({ scan, frame }: { scan: ScanView; frame: Frame }) => (
  <section
    id="under"
    class="under-way"
    aria-label="Progress"
    data-events={`/api/v1/scans/${scan.id}/events`}
    data-since={scan.startedAt === null ? undefined : String(scan.startedAt)}
  >
    <Phases phase={scan.phase} />
    <div class="far">
      <progress
        id="far"
        aria-label="Progress of this phase"
        max={scan.progress?.total || 1}
        value={scan.progress === null ? undefined : scan.progress.done}
      />
      <span id="far-words" class="dim number">
        {scan.progress ? farWords(scan.progress) : scan.state === 'queued' ? 'waits for its turn' : ''}
      </span>
    </div>
    <ol id="feed" class="feed" aria-label="What just happened" hidden />
    {scan.isStopping ? (
      <p class="dim">It was asked to stop; its probe hears of it within 20 seconds.</p>
    ) : frame.mayWrite ? (
      <details class="confirm">
        <summary>Cancel this scan</summary>
        <form method="post" action={`/api/v1/scans/${scan.id}/cancel`}>
          <p>What it has found so far is kept, but it will have no verdict.</p>
          <button type="submit" class="danger">
            Cancel the scan
          </button>
        </form>
      </details>
    ) : null}
    <noscript>
      <p class="dim">This page renews itself every 3 seconds.</p>
    </noscript>
  </section>
)

/** `812 of 1,000` */
const farWords = ({ done, total }: { done: number; total: number }): string =>
  `${done.toLocaleString('en')} of ${total.toLocaleString('en')}`

const Phases = ({ phase }: { phase: string | null }) => (
  <ol class="phases" aria-label="Phases">
    {PHASES.map((name) => (
      <li data-phase={name} aria-current={name === phase ? 'step' : undefined}>
        {name}
      </li>
    ))}
  </ol>
)

const Coverage = ({ scan }: { scan: ScanView }) => {
  const coverage = scan.judgement?.coverage
  if (!coverage || scan.finishedAt === null) return null
  return (
    <section>
      <h2>What was really tested</h2>
      <p class="tested">
        <Share share={coverage.share} label="Share of the planned work that was done" /> of the planned work was done.
      </p>
      <p class="dim measure">{workWords(coverage, scan.checks)}</p>
      {coverage.together && (
        <p>
          {coverage.together.statement} <a href={`/scans/${coverage.together.scanId}`}>The scan before</a>
        </p>
      )}
      {coverage.untested !== '' && (
        <details>
          <summary>Ports not tested</summary>
          <p class="break">
            <code>{coverage.untested}</code>
          </p>
        </details>
      )}
    </section>
  )
}

/** What the share is made of: ports tried, times the checks done on those that were open. */
function workWords({ portsTested, portsAsked }: ScanCoverage, checks: ChecksOf): string {
  const number = (n: number) => n.toLocaleString('en')
  const sum = (of: 'planned' | 'done') => Object.values(checks).reduce((all, each) => all + each[of], 0)
  const tried = `${number(portsTested)} of ${number(portsAsked)} ${portsAsked === 1 ? 'port' : 'ports'} tried while the target was proved reachable`
  if (sum('planned') === 0) return `${tried}.`
  const done = `${number(sum('done'))} of ${number(sum('planned'))} planned checks done on the open ports while they were reachable`
  return `${tried}; ${done}. Every open port counts the same.`
}

const Panel = ({ scan: { panel, finishedAt } }: { scan: ScanView }) =>
  panel.length === 0 ? (
    <p class="none">
      {finishedAt === null ? 'The panel is chosen when the scan starts.' : 'Nobody: the scan never began.'}
    </p>
  ) : (
    <Table
      label="Panel"
      columns={['Role', 'Site', 'Address', 'Network', 'State']}
      rows={panel.map((member) => [
        member.role,
        member.site,
        <code>{member.sourceAddress}</code>,
        [member.provider, member.country, member.asn === null ? null : `AS${member.asn}`]
          .filter((word) => word !== null)
          .join(', ') || <span class="dim">not told</span>,
        <>
          <Badge tone={member.fit ? 'good' : 'warn'} text={member.fit ? 'fit' : 'not fit'} />{' '}
          {member.role !== 'scanner' && !member.rested && <Badge tone="warn" text="not rested" />}
        </>,
      ])}
    />
  )

const Facts = ({ scan }: { scan: ScanView }) => (
  <section>
    <h2>The scan</h2>
    <dl class="facts">
      <Fact name="Addresses">
        {scan.addresses.join(', ') || (scan.finishedAt === null ? 'resolved when it starts' : 'none: it never began')}
      </Fact>
      <Fact name="Profile">{scan.profile}</Fact>
      <Fact name="Site">{scan.site || 'any'}</Fact>
      <Fact name="Asked for">
        <Time at={scan.createdAt} />
      </Fact>
      {scan.startedAt !== null && (
        <Fact name="Started">
          <Time at={scan.startedAt} />
        </Fact>
      )}
      {scan.finishedAt !== null && (
        <Fact name="Ended">
          <Time at={scan.finishedAt} />
        </Fact>
      )}
      {scan.startedAt !== null && scan.finishedAt !== null && (
        <Fact name="Took">{span(scan.finishedAt - scan.startedAt)}</Fact>
      )}
      {scan.retestOf && (
        <Fact name="Retest of">
          <a href={`/issues/${scan.retestOf}`}>{scan.retestOf}</a>
        </Fact>
      )}
      <Fact name="Id">
        <code>{scan.id}</code>
      </Fact>
      {scan.judgement && (
        <Fact name="Judged">
          <Time at={scan.judgement.judgedAt} /> by rules {scan.judgement.rules}
        </Fact>
      )}
    </dl>
  </section>
)
