import { Page } from '../layout.tsx'
import { Fact } from '../parts/table.tsx'
import type { Frame } from '../views.ts'
import { AsvPart } from './asv.tsx'
import { Chronicle } from './chronicle.tsx'
import { Cover } from './cover.tsx'
import { Ledger } from './ledger.tsx'
import { LossesPart } from './losses.tsx'
import { ControlsPart, PanelPart } from './panel.tsx'
import { ProofPart } from './proof.tsx'
import type { ReportView } from './view.ts'

/** A scan or an issue as a document: for a screen, for paper, for a file. */
export const ReportPage = ({ frame, report }: { frame: Frame; report: ReportView }) => {
  const { issue } = report
  const of = issue ? `Report on ${issue.title}` : `Report on the scan of ${report.target}`
  return (
    <Page title={of} frame={frame}>
      <p class="crumb">
        {issue ? <a href={`/issues/${issue.id}`}>The issue</a> : <a href={`/scans/${report.id}`}>The scan</a>}
        {issue && (
          <>
            {' '}
            · <a href={`/scans/${report.id}`}>the scan that saw it last</a>
          </>
        )}
        <span class="screen">
          {' '}
          ·{' '}
          <button type="button" class="plain" data-print="" hidden>
            Print this page
          </button>
          <noscript>Print this page with your browser, on A4 or Letter</noscript>
        </span>
      </p>
      <article class="report" data-zone="utc">
        <Cover report={report} tenant={frame.tenant} now={frame.now} />
        <Chronicle report={report} />
        <PanelPart panel={report.panel} />
        <ControlsPart report={report} />
        <LossesPart report={report} />
        <Ledger report={report} />
        <ProofPart report={report} />
        <AsvPart report={report} />
        <Statement />
        <Trail report={report} />
      </article>
    </Page>
  )
}

const LINES = 6

/** Left blank, for a pen. */
const Statement = () => (
  <section class="statement">
    <h2>Statement</h2>
    <p>By the customer or the auditor: what was done about it, and what follows for this scan.</p>
    <div class="ruled" aria-hidden="true">
      {Array.from({ length: LINES }, () => (
        <div />
      ))}
    </div>
    <dl class="sign">
      {['Name', 'Role', 'Date', 'Signature'].map((name) => (
        <div>
          <dt>{name}</dt>
          <dd />
        </div>
      ))}
    </dl>
  </section>
)

/** By what each line above can be found and checked. */
const Trail = ({ report }: { report: ReportView }) => (
  <section>
    <h2>How to check this report</h2>
    <dl class="facts">
      <Fact name="Observations">
        {report.observations === 'none' ? (
          'none were made'
        ) : (
          <>
            <code>GET /api/v1/scans/{report.id}/observations</code>
            {report.observations === 'forgotten' && ' (kept no more)'}
          </>
        )}
      </Fact>
      <Fact name="Raw scanner output">
        {report.outputBytes === null ? (
          'none is kept'
        ) : (
          <>
            {report.outputBytes.toLocaleString('en')} bytes, <code>GET /api/v1/scans/{report.id}/output</code>
          </>
        )}
      </Fact>
      {report.outputHash && (
        <Fact name="SHA-256 of the raw output">
          <code>{report.outputHash}</code>
        </Fact>
      )}
      <Fact name="Rules">
        {report.judgement ? `version ${report.judgement.rules}; each is told at /rules` : 'not judged'}
      </Fact>
    </dl>
  </section>
)
