import type { FailureWord } from '../../../schema/words.ts'
import { count, percent } from '../../core/text.ts'
import { Badge } from '../parts/badge.tsx'
import { whyOf } from '../parts/cause.ts'
import { Fact } from '../parts/table.tsx'
import { span, Time } from '../parts/time.tsx'
import { FAILURE, metNothing, NOTHING_OPEN, SCAN_STATE, SCAN_VERDICT } from '../words.ts'
import { isLost, verdictOf } from './controls.ts'
import type { ReportView } from './view.ts'

/** Who, what, when, by what rules: what an auditor copies into a file. */
export const Cover = ({ report, tenant, now }: { report: ReportView; tenant: string; now: number }) => {
  const { issue } = report
  const scanner = report.panel.find(({ role }) => role === 'scanner')
  return (
    <header class="cover">
      <p class="over">Portwitness · {issue ? 'Report on an issue' : 'Report on a scan'}</p>
      <h1>{issue ? issue.title : `Scan of ${report.target}`}</h1>
      <dl class="facts">
        <Fact name="For">{tenant}</Fact>
        <Fact name="Target">
          {report.target}
          {report.targetAddress && report.targetAddress !== report.target && ` (${report.targetAddress})`}
        </Fact>
        <Fact name="Addresses scanned">{report.addresses.join(', ') || 'none: it never began'}</Fact>
        <Fact name="Ports asked for">
          <code>{report.ports}</code> ({report.portsAsked.toLocaleString('en')})
        </Fact>
        <Fact name="Manner">
          {report.profile}, at most {report.maxConnectsPerSecond.toLocaleString('en')} connects per second
        </Fact>
        <Fact name="Scanned from">
          {scanner ? (
            <>
              <code>{scanner.sourceAddress}</code> ({scanner.site})
            </>
          ) : (
            report.site || 'not chosen'
          )}
        </Fact>
        <Fact name="Began">{report.startedAt === null ? 'never' : <Time at={report.startedAt} />}</Fact>
        <Fact name="Ended">
          {report.finishedAt === null ? 'not yet' : <Time at={report.finishedAt} />}
          {report.startedAt !== null && report.finishedAt !== null && ' after '}
          {report.startedAt !== null && report.finishedAt !== null && (
            <span class="whole">{span(report.finishedAt - report.startedAt)}</span>
          )}
        </Fact>
        <Fact name="Judged by">
          {report.judgement ? (
            <>
              rules version {report.judgement.rules}, <Time at={report.judgement.judgedAt} />
            </>
          ) : (
            'not judged'
          )}
        </Fact>
        <Fact name="Scan">
          <code>{report.id}</code>
        </Fact>
        {(issue ? [issue.id] : report.issues).length > 0 && (
          <Fact name={issue ? 'Issue' : 'Counted in'}>
            <code>{(issue ? [issue.id] : report.issues).join(', ')}</code>
          </Fact>
        )}
        <Fact name="This report">
          made <Time at={now} /> by Portwitness {report.version}
        </Fact>
      </dl>
      <Conclusion report={report} />
    </header>
  )
}

const isFailure = (code: string): code is FailureWord => Object.hasOwn(FAILURE, code)

/** The verdict, in words that stand alone. */
const Conclusion = ({ report }: { report: ReportView }) => {
  const { judgement, state, failure, issue } = report
  const verdict = verdictOf(report)
  const isBare = verdict !== null && metNothing(judgement)
  const lost = (judgement?.ports ?? []).filter(isLost)
  const tone = verdict ? SCAN_VERDICT[verdict].tone : SCAN_STATE[state].tone
  return (
    <section class={`verdict ${tone}`}>
      <h2>Summary</h2>
      <p>
        <Badge tone={tone} text={verdict ? SCAN_VERDICT[verdict].title : state} />{' '}
        {issue && <Badge tone={issue.state === 'closed' ? 'good' : 'warn'} text={`issue ${issue.state}`} />}
      </p>
      <p class="lead">
        {isBare ? NOTHING_OPEN : verdict ? SCAN_VERDICT[verdict].sentence : SCAN_STATE[state].sentence}{' '}
        {judgement?.coverage?.statement}
      </p>
      {failure && (
        <p>
          {isFailure(failure.code) ? FAILURE[failure.code] : failure.code} {failure.detail}
        </p>
      )}
      {verdict && <p>{isBare ? MEANS.bare : MEANS[verdict]}</p>}
      {lost.length > 0 && (
        <ul class="plain">
          {lost.slice(0, 12).map((port) => (
            <li>
              Port {port.port} of {port.address}: {port.verdict.replaceAll('_', ' ')}
              {port.strength && `, ${port.strength}`}
              {port.cause && `; ${whyOf(port.cause)}, confidence ${percent(port.cause.confidence)}`}
            </li>
          ))}
          {lost.length > 12 && <li>{count(lost.length - 12, 'more port')}: see below</li>}
        </ul>
      )}
    </section>
  )
}

const MEANS = {
  interference:
    'What was found on the ports below is incomplete: a finding that is missing there is no sign that it is not there.',
  incomplete: 'No interference is shown, but part of the target was not tested: this is no clear result.',
  clear:
    'Every port asked for was tried while the target was proved reachable, and none was lost for longer than a moment.',
  bare: 'Every port asked for was tried while the target was proved reachable, and none answered as open. That shows no loss, for there was nothing to lose; it does not show that nothing stood in the way.',
} as const
