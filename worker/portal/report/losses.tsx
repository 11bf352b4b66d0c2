import { endpointKey } from '../../../schema/facts.ts'
import type { Evidence, PortVerdict } from '../../../schema/judgement.ts'
import { isLoss, type Purpose } from '../../../schema/words.ts'
import { count, percent } from '../../core/text.ts'
import { shareWords } from '../parts/badge.tsx'
import { alikeWords, whyOf } from '../parts/cause.ts'
import { causeName } from '../parts/port.tsx'
import { Fact, Table } from '../parts/table.tsx'
import { span, Time } from '../parts/time.tsx'
import { Timeline } from '../parts/timeline.tsx'
import { CAUSE, RECHECK, RECOVERY, spoken, VERDICT } from '../words.ts'
import { isLost } from './controls.ts'
import type { ReportView } from './view.ts'

/** Ports that are told in full; of more, the ledger has a line. */
const TOLD = 20
/** Observations whose ids are printed with each piece of evidence. */
const IDS = 12

export const LossesPart = ({ report }: { report: ReportView }) => {
  const lost = (report.judgement?.ports ?? []).filter(isLost)
  if (lost.length === 0) return null
  return (
    <section>
      <h2>What was lost, and how we know</h2>
      {lost.slice(0, TOLD).map((port) => (
        <LostPort port={port} report={report} />
      ))}
      {lost.length > TOLD && (
        <p>{count(lost.length - TOLD, 'more lost port stands', 'more lost ports stand')} in the ledger below.</p>
      )}
    </section>
  )
}

const LostPort = ({ port, report }: { port: PortVerdict; report: ReportView }) => (
  <article class="lost">
    <h3>
      Port {port.port} {port.service !== 'unknown' && spoken(port.service)} of {port.address}: {spoken(port.verdict)}
      {port.strength && `, ${port.strength}`}
    </h3>
    <p>{VERDICT[port.verdict].sentence}</p>
    <Picture port={port} report={report} />
    <dl class="facts">
      {port.firstSeenOpenAt !== null && (
        <Fact name="First seen open">
          <Time at={port.firstSeenOpenAt} />
        </Fact>
      )}
      {port.lostAt !== null && (
        <Fact name="Lost">
          <Time at={port.lostAt} />
        </Fact>
      )}
      {port.confirmedAt !== null && (
        <Fact name="Confirmed">
          <Time at={port.confirmedAt} />
        </Fact>
      )}
      <Fact name="Reachable, lost">
        {span(port.coverage.reachableSeconds * 1000)}, {span(port.coverage.lostSeconds * 1000)}
      </Fact>
      <Fact name="Tested">{shareWords(port.coverage.share)}</Fact>
      {port.recheck && <Fact name="Open port re-check">{RECHECK[port.recheck]}</Fact>}
      {port.recovery && <Fact name="Recovery">{RECOVERY[port.recovery]}</Fact>}
      <Fact name="Connects from the alarm on">{port.connects}</Fact>
    </dl>
    <WhoSaw port={port} report={report} />
    <Why port={port} />
    <Carried name="Evidence for it" evidence={port.evidence.filter(({ supports }) => supports)} />
    <Carried name="Evidence against it" evidence={port.evidence.filter(({ supports }) => !supports)} />
    {port.remediation && (
      <p>
        <strong>What cures it:</strong> {port.remediation.title}. The steps stand in the issue.
      </p>
    )}
  </article>
)

/** The picture of what each source saw, where observations are kept; the line of the port's life in any case. */
const Picture = ({ port, report }: { port: PortVerdict; report: ReportView }) => {
  const { startedAt, finishedAt, observations, id } = report
  return (
    <>
      {startedAt !== null && finishedAt !== null && <Timeline port={port} from={startedAt} to={finishedAt} name="" />}
      {observations === 'kept' && (
        <p class="drawn">
          <img
            src={`/scans/${id}/lanes/${port.port}.svg?address=${encodeURIComponent(port.address)}`}
            alt={`Port ${port.port}: what each source saw at each second`}
          />
        </p>
      )}
    </>
  )
}

/** The scanner finds a port and asks what it is; the others look at it once more, before there is trouble. */
const BEFORE: readonly Purpose[] = ['discover', 'identify', 'baseline']
const AFTER: readonly Purpose[] = ['verify', 'explain']

/** Of each source, whether it saw the port open before, and from the alarm on how often it tried and what it saw. */
const WhoSaw = ({ port, report }: { port: PortVerdict; report: ReportView }) => {
  const mine = report.touches.filter(
    ({ endpoint, purpose }) =>
      endpoint !== null &&
      endpointKey(endpoint) === endpointKey(port) &&
      (BEFORE.includes(purpose) || AFTER.includes(purpose)),
  )
  if (mine.length === 0) return null
  const sum = (some: typeof mine) => some.reduce((all, { touches }) => all + touches, 0)
  const rows = report.panel.flatMap((member) => {
    const own = mine.filter(({ probeId }) => probeId === member.probeId)
    if (own.length === 0) return []
    const before = own.filter(({ purpose }) => BEFORE.includes(purpose))
    const after = own.filter(({ purpose }) => AFTER.includes(purpose))
    const lost = after.filter(({ sight }) => isLoss(sight))
    const seen = [...new Set(lost.map(({ sight }) => sight))].map(
      (sight) => `${spoken(sight)} ${sum(lost.filter((each) => each.sight === sight))}`,
    )
    return [
      [
        member.role,
        member.site,
        <code>{member.sourceAddress}</code>,
        before.some(({ sight }) => sight === 'open') ? 'open' : before.length > 0 ? 'not open' : 'not looked',
        after.length === 0 ? 'not looked' : `${sum(after.filter(({ sight }) => sight === 'open'))} of ${sum(after)}`,
        after.length === 0 ? 'not looked' : seen.join(', ') || 'never lost',
      ],
    ]
  })
  return (
    <Table
      label={`Who reached port ${port.port}`}
      columns={['Role', 'Site', 'Address', 'Before', 'Got through from the alarm on', 'Else saw']}
      rows={rows}
    />
  )
}

const Why = ({ port: { cause } }: { port: PortVerdict }) =>
  cause === null ? (
    <p>
      <strong>Cause:</strong> the facts do not single one out.
    </p>
  ) : (
    <>
      <p>
        <strong>Cause: {whyOf(cause)}</strong>, confidence {percent(cause.confidence)}. {CAUSE[cause.class].sentence}
      </p>
      {cause.alternatives.length > 0 && (
        <p>
          It could also be{' '}
          {cause.alternatives.map((one) => `${causeName(one)} (${percent(one.confidence)})`).join(', ')}.
        </p>
      )}
      {alikeWords(cause) && <p>{alikeWords(cause)}</p>}
      {cause.askOwner && (
        <p>
          <strong>One line of the owner’s log would settle it:</strong> {cause.askOwner.replaceAll('`', '')}
        </p>
      )}
    </>
  )

const Carried = ({ name, evidence }: { name: string; evidence: readonly Evidence[] }) =>
  evidence.length === 0 ? null : (
    <>
      <h4>{name}</h4>
      <ul class="plain">
        {evidence.map(({ rule, text, observations }) => (
          <li>
            {text} <span class="whole">[rule {rule}]</span>
            {observations.length > 0 && (
              <span class="ids">
                {' '}
                {observations.length === 1 ? 'Observation' : `${observations.length} observations`}:{' '}
                <code>{observations.slice(0, IDS).join(', ')}</code>
                {observations.length > IDS && ` and ${observations.length - IDS} more`}
              </span>
            )}
          </li>
        ))}
      </ul>
    </>
  )
