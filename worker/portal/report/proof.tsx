import { headOfFailing } from '../../../schema/proof.ts'
import { Table } from '../parts/table.tsx'
import { Time } from '../parts/time.tsx'
import { spoken } from '../words.ts'
import type { ReportView } from './view.ts'

const MOST_FAILING = 20

type Proved = Pick<ReportView, 'proof' | 'provedAt' | 'outdatedBy'>

/** Whether our addresses are let through, by the last proof. */
export const ProofPart = ({ report: { proof, provedAt, outdatedBy } }: { report: Proved }) => (
  <section>
    <h2>Is the allowlist proved?</h2>
    {proof === null ? (
      <p>No proof of this target has been made: it is not shown that our addresses are let through.</p>
    ) : (
      <>
        <p>
          The last proof, <code>{proof.id}</code>, asked for <Time at={proof.createdAt} />:{' '}
          <strong>{proof.verdict ? spoken(proof.verdict) : 'without a result'}</strong>,{' '}
          {proof.hasStimulus ? 'with the stimulus of the scan' : 'without any stimulus'}. {proof.statement}
        </p>
        {proof.rows.length > 0 && (
          <Table
            label="Each address in the proof"
            columns={['Our address', 'Site', 'Result', `Endpoints passed, of ${proof.endpoints}`]}
            rows={proof.rows.map((row) => [
              <code>{row.sourceAddress}</code>,
              row.site,
              row.verdict ? spoken(row.verdict) : spoken(row.state),
              `${row.passed} of ${row.cells}`,
            ])}
          />
        )}
        {proof.failing.length > 0 && (
          <>
            <h3>{headOfFailing(proof.rows)}</h3>
            <ul class="plain">
              {proof.failing.slice(0, MOST_FAILING).map((line) => (
                <li>{line}</li>
              ))}
              {proof.failing.length > MOST_FAILING && <li>{proof.failing.length - MOST_FAILING} more</li>}
            </ul>
          </>
        )}
      </>
    )}
    {provedAt !== null && (
      <p>
        Every address got through <Time at={provedAt} />.
      </p>
    )}
    {outdatedBy.length > 0 && (
      <p>
        Since then ranges were announced that an allowlist of that day cannot hold:{' '}
        <code>{outdatedBy.map(({ cidr }) => cidr).join(', ')}</code>.
      </p>
    )}
  </section>
)
