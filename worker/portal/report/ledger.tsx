import { formatPorts } from '../../../schema/ports.ts'
import { count } from '../../core/text.ts'
import { shareWords } from '../parts/badge.tsx'
import { Fact, Table } from '../parts/table.tsx'
import { span } from '../parts/time.tsx'
import { RECHECK, spoken } from '../words.ts'
import { isLost } from './controls.ts'
import type { ReportView } from './view.ts'

/** Rows of ports that are not simply open throughout. */
const MOST = 200

/** What was asked, what was tested, what was not: by port. */
export const Ledger = ({ report }: { report: ReportView }) => {
  const coverage = report.judgement?.coverage
  const ports = report.judgement?.ports ?? []
  const plain = ports.filter((port) => port.verdict === 'open' && port.coverage.share >= 0.995)
  const other = ports.filter((port) => !plain.includes(port)).toSorted((a, b) => Number(isLost(b)) - Number(isLost(a)))
  return (
    <section>
      <h2>Coverage ledger</h2>
      {coverage ? (
        <>
          <p class="lead">{coverage.statement}</p>
          <dl class="facts">
            <Fact name="Ports asked for">{coverage.portsAsked.toLocaleString('en')}</Fact>
            <Fact name="Tried while the target was proved reachable">{coverage.portsTested.toLocaleString('en')}</Fact>
            <Fact name="Share of the planned work that was done">{shareWords(coverage.share)}</Fact>
            <Fact name="Not tested">{coverage.untested === '' ? 'none' : <code>{coverage.untested}</code>}</Fact>
            {coverage.together && (
              <Fact name="Together with the scan before">
                {coverage.together.statement} <code>{coverage.together.scanId}</code>
              </Fact>
            )}
          </dl>
        </>
      ) : (
        <p>It was not judged, so that nothing is said of what was tested.</p>
      )}
      {report.judgement && (
        <p>
          {plain.length === 0
            ? 'No open port was reachable throughout and tested in full.'
            : plain.length === 1
              ? 'Open, reachable throughout and tested in full: port '
              : `Open, reachable throughout and tested in full, ${plain.length.toLocaleString('en')} ports: `}
          {plain.length > 0 && <code>{formatPorts(plain.map(({ port }) => port))}</code>}
        </p>
      )}
      {other.length > 0 && (
        <Table
          label="Ports that were not"
          columns={['Port', 'Service', 'Verdict', 'Reachable', 'Lost', 'Tested', 'Re-check']}
          rows={other.slice(0, MOST).map((port) => [
            <>
              {port.port} <span class="dim">{port.address}</span>
            </>,
            spoken(port.service),
            `${spoken(port.verdict)}${port.strength ? `, ${port.strength}` : ''}`,
            span(port.coverage.reachableSeconds * 1000),
            span(port.coverage.lostSeconds * 1000),
            shareWords(port.coverage.share),
            port.recheck ? RECHECK[port.recheck] : 'none',
          ])}
        />
      )}
      {other.length > MOST && <p>{count(other.length - MOST, 'more is', 'more are')} in the scan itself.</p>}
    </section>
  )
}
