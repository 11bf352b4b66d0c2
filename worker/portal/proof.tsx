import { endpointKey } from '../../schema/facts.ts'
import { headOfFailing, type ProofCell, type ProofRow } from '../../schema/proof.ts'
import type { CellWord, ProofVerdict, SourceState } from '../../schema/words.ts'
import { cellText } from '../core/proof.ts'
import { count, number } from '../core/text.ts'
import { Page } from './layout.tsx'
import { Badge } from './parts/badge.tsx'
import { ProveForm } from './parts/prove.tsx'
import { Fact, Files, Table } from './parts/table.tsx'
import { TargetLink } from './parts/target.tsx'
import { Time } from './parts/time.tsx'
import type { Frame, ProofView } from './views.ts'
import { FAILURE, type Tone } from './words.ts'

const VERDICT: Record<ProofVerdict, { tone: Tone; text: string; title: string }> = {
  proved: { tone: 'good', text: 'proved', title: 'Every address gets through' },
  not_proved: { tone: 'bad', text: 'not proved', title: 'Some address is still shut out' },
  incomplete: { tone: 'warn', text: 'incomplete', title: 'Not every address could look' },
}
const RUNNING = { tone: 'info' as const, text: 'running', title: 'The proof is under way' }
const STOPPED = { tone: 'mute' as const, text: 'stopped', title: 'The proof was stopped' }
const FAILED = { tone: 'bad' as const, text: 'failed', title: 'The proof could not be carried out' }
const CELL: Record<CellWord, { tone: Tone; text: string }> = {
  passed: { tone: 'good', text: 'passes' },
  shut: { tone: 'bad', text: 'shut' },
  limited: { tone: 'warn', text: 'limited' },
  unseen: { tone: 'mute', text: 'not seen' },
  waiting: { tone: 'info', text: 'waiting' },
}
const SOURCE: Record<SourceState, string> = {
  waiting: 'waits for its turn',
  running: 'looks now',
  done: '',
  offline: 'was not there to be asked, or is drained',
  silent: 'fell silent',
  refused: 'may not touch this address',
  stopped: 'stopped before its end',
}
const RENEW_S = 4

export const ProofPage = ({ frame, proof }: { frame: Frame; proof: ProofView }) => {
  const { ask, result, failure } = proof
  const isRunning = proof.finishedAt === null
  const word = result.verdict && failure === null ? VERDICT[result.verdict] : null
  const { tone, text, title } = word ?? (isRunning ? RUNNING : failure?.code === 'stopped' ? STOPPED : FAILED)
  return (
    <Page
      title={`Proof of ${proof.target}`}
      frame={frame}
      renewAfter={isRunning ? RENEW_S : undefined}
      islands={['live.js', 'pane.js']}
    >
      <p class="crumb">
        <a href="/targets">Targets</a> / <TargetLink of={proof} />
      </p>
      {/* One part as a whole: a proof has few rows, and each may change at any moment. */}
      <div id="live-proof" data-live data-every={isRunning ? String(RENEW_S) : undefined}>
        <section class={`verdict ${tone}`}>
          <p>
            <Badge tone={tone} text={text} />
          </p>
          <h1>{title}</h1>
          <p class="lead">{failure ? FAILURE[failure.code] : result.statement}</p>
          {result.closes.map((id) => (
            <p>
              <a href={`/issues/${id}`}>The issue</a> is closed: the fix is proved.
            </p>
          ))}
          {!isRunning && proof.targetRemovedAt === null && <ProveForm targetId={proof.targetId} frame={frame} />}
        </section>
        <section>
          <h2>Each address and each endpoint</h2>
          <Tally rows={result.rows} />
          <Matrix proof={proof} />
          <Files path={`/proofs/${proof.id}`} />
          {ask.leftOut > 0 && (
            <p class="dim">
              {count(ask.leftOut, 'more known endpoint is', 'more known endpoints are')} beyond what one proof takes.
            </p>
          )}
        </section>
        {result.failing.length > 0 && (
          <section>
            <h2>{headOfFailing(result.rows)}</h2>
            <ul class="plain">
              {result.failing.map((line) => (
                <li class="break">{line}</li>
              ))}
            </ul>
            {result.verdict === 'not_proved' && <WhatToDo proof={proof} />}
          </section>
        )}
        <dl class="facts">
          <Fact name="Stimulus">
            {ask.stimulus
              ? `that of the ${ask.stimulus.profile} profile, at most ${number(ask.stimulus.maxConnectsPerSecond)} connects per second`
              : 'none was repeated'}
            {ask.stimulus?.scanId && (
              <>
                , as in <a href={`/scans/${ask.stimulus.scanId}`}>the scan that was interfered with</a>
              </>
            )}
          </Fact>
          <Fact name="Sites">{ask.sites.join(', ')}</Fact>
          <Fact name="Asked for">
            <Time at={proof.createdAt} />
          </Fact>
          {proof.finishedAt !== null && (
            <Fact name="Ended">
              <Time at={proof.finishedAt} />
            </Fact>
          )}
          {proof.outputBytes !== null && (
            <Fact name="Raw output">
              <a href={`/api/v1/proofs/${proof.id}/output?view=cut`} data-pane={`/api/v1/proofs/${proof.id}/output`}>
                what each address saw
              </a>
            </Fact>
          )}
          <Fact name="Id">
            <code>{proof.id}</code>
          </Fact>
        </dl>
      </div>
    </Page>
  )
}

const TALLIED: readonly CellWord[] = ['passed', 'shut', 'limited', 'unseen', 'waiting']

/** How often each word stands in the matrix. */
const Tally = ({ rows }: { rows: readonly ProofRow[] }) => {
  const words = rows.flatMap(({ cells }) => cells.map(({ word }) => word))
  const told = TALLIED.map((word) => ({ word, times: words.filter((one) => one === word).length }))
  return words.length === 0 ? null : (
    <dl class="strip">
      {told
        .filter(({ word, times }) => times > 0 || word === 'passed')
        .map(({ word, times }) => (
          <div>
            <dt>{CELL[word].text}</dt>
            <dd>
              {number(times)} <span class="dim">of {number(words.length)}</span>
            </dd>
          </div>
        ))}
    </dl>
  )
}

/** Addresses down, endpoints across. Shapes and words say what the colours say. */
const Matrix = ({ proof: { ask, result } }: { proof: ProofView }) => {
  const isMany = new Set(ask.endpoints.map(({ address }) => address)).size > 1
  const lost = new Set(ask.issues.flatMap((issue) => issue.lost.map(endpointKey)))
  return (
    <Table
      label="Addresses and endpoints"
      columns={[
        'Our address',
        ...ask.endpoints.map((endpoint) => {
          const name = `${endpoint.port} ${endpoint.service}`
          const head = (
            <>
              {name} {isMany && <span class="dim">{endpoint.address}</span>}{' '}
              {lost.has(endpointKey(endpoint)) && <span class="dim">was lost</span>}
            </>
          )
          return { name: isMany ? `${endpoint.address} ${name}` : name, head }
        }),
      ]}
      rows={result.rows.map((row) => [
        <>
          <code>{row.sourceAddress}</code>{' '}
          <span class="dim">
            {row.site}
            {SOURCE[row.state] && ':'}
          </span>
          {SOURCE[row.state] && (
            <>
              {' '}
              <span class="dim">{SOURCE[row.state]}</span>
            </>
          )}
        </>,
        ...ask.endpoints.map((endpoint) => <Cell row={row} cell={cellOf(row, endpointKey(endpoint))} />),
      ])}
    />
  )
}

const cellOf = (row: ProofRow, key: string): ProofCell | undefined =>
  row.cells.find((cell) => endpointKey(cell) === key)

const Cell = ({ row, cell }: { row: ProofRow; cell: ProofCell | undefined }) => {
  // A column of the other family is none of this address's.
  if (!cell) return <span class="dim">–</span>
  const fails = cell.word === 'shut' || cell.word === 'limited'
  const said = cellText(cell)
  const more = (fails || (cell.word === 'unseen' && row.state === 'done')) && said !== CELL[cell.word].text
  return (
    <>
      <Badge tone={CELL[cell.word].tone} text={CELL[cell.word].text} />
      {more && (
        <>
          {' '}
          <span class="dim">{said}</span>
        </>
      )}
      {fails && cell.at !== null && (
        <>
          {' '}
          <span class="dim">
            <Time at={cell.at} />
          </span>
        </>
      )}
    </>
  )
}

const WhatToDo = ({ proof: { ask } }: { proof: ProofView }) => (
  <>
    <h2>What to do</h2>
    <ol class="plain">
      <li>
        Allow the addresses that are shut out in the defence, and lift the bans that stand.
        {ask.issues.map(({ id }) => (
          <>
            {' '}
            <a href={`/issues/${id}`}>The issue</a> names the defence and shows the fix.
          </>
        ))}
      </li>
      <li>
        All our addresses are <a href="/ranges">listed here</a>: allow them all at once, not only those that failed.
      </li>
      <li>Prove it again, with the stimulus.</li>
    </ol>
  </>
)
