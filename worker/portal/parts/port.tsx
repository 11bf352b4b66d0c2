import { endpointKey } from '../../../schema/facts.ts'
import type { Cause, Evidence, PortVerdict, Remediation } from '../../../schema/judgement.ts'
import { CAUSE, MECHANISM, RECHECK, RECOVERY, spoken, VERDICT } from '../words.ts'
import { percent, Share, VerdictBadge } from './badge.tsx'
import { Fact, Table } from './table.tsx'
import { span, Time } from './time.tsx'
import { Timeline } from './timeline.tsx'

export interface PortCardProps {
  port: PortVerdict
  /** the issue in which it was counted */
  issueId: string | null
  /** begin and end of the scan, for the timeline; null while unknown */
  scan: { from: number; to: number } | null
}

/** Everything that is known of one endpoint in one scan: what happened, why, how we know, and what to do. */
export const PortCard = ({ port, issueId, scan }: PortCardProps) => (
  <article class="port" id={anchorOf(port)}>
    <header>
      <h3>
        Port {port.port} <span class="dim">{port.service === 'unknown' ? '' : port.service}</span>
      </h3>
      <VerdictBadge verdict={port.verdict} strength={port.strength} />
    </header>
    <p class="lead">{VERDICT[port.verdict].sentence}</p>
    {scan && <Timeline port={port} from={scan.from} to={scan.to} />}
    {port.cause && <CausePart cause={port.cause} />}
    <EvidenceList title="Evidence for it" evidence={port.evidence.filter((item) => item.supports)} />
    <EvidenceList title="Evidence against it" evidence={port.evidence.filter((item) => !item.supports)} />
    {port.remediation && <RemediationPart remediation={port.remediation} />}
    <details>
      <summary>All numbers</summary>
      <Numbers port={port} />
    </details>
    {issueId && (
      <p>
        <a href={`/issues/${issueId}`}>Its issue</a>
      </p>
    )}
  </article>
)

/** A name for links within a page: `port-22`, or with its address when there are several. */
export const anchorOf = (port: { address: string; port: number }): string =>
  `port-${endpointKey(port).replace(/[^0-9A-Za-z]+/g, '-')}`

const CausePart = ({ cause }: { cause: Cause }) => (
  <div class="cause">
    <h4>
      {CAUSE[cause.class].name}
      {cause.mechanism && `: ${MECHANISM[cause.mechanism]}`}
      {cause.vendor && ` (${cause.vendor})`}
    </h4>
    <p>
      {CAUSE[cause.class].sentence} <Share share={cause.confidence} label="Confidence" />{' '}
      <span class="dim">confidence</span>
    </p>
    {cause.alternatives.length > 0 && (
      <p class="dim">
        It could also be{' '}
        {cause.alternatives
          .map(
            (guess) =>
              `${guess.mechanism ? MECHANISM[guess.mechanism] : CAUSE[guess.class].name} (${percent(guess.confidence)})`,
          )
          .join(', ')}
        .
      </p>
    )}
    {cause.indistinguishable.length > 0 && (
      <p class="dim">
        From outside it looks the same as {cause.indistinguishable.map((word) => MECHANISM[word]).join(', ')}.
      </p>
    )}
    {cause.askOwner && (
      <p>
        <strong>One line of the owner’s log would settle it:</strong> {cause.askOwner}
      </p>
    )}
  </div>
)

const EvidenceList = ({ title, evidence }: { title: string; evidence: readonly Evidence[] }) =>
  evidence.length === 0 ? null : (
    <div>
      <h4>{title}</h4>
      <ul class="evidence">
        {evidence.map((item) => (
          <li>
            {item.text} <a href={`/rules#${item.rule}`}>{item.rule}</a>{' '}
            {item.observations.length > 0 && (
              <span class="dim">
                {item.observations.length} {item.observations.length === 1 ? 'observation' : 'observations'}
              </span>
            )}
          </li>
        ))}
      </ul>
    </div>
  )

const RemediationPart = ({ remediation }: { remediation: Remediation }) => (
  <div class="fix">
    <h4>{remediation.title}</h4>
    <ol>
      {remediation.steps.map((step) => (
        <li>
          <Prose text={step} />
        </li>
      ))}
    </ol>
    <p>
      The list to let through: <a href="/ranges">our addresses</a>.
    </p>
  </div>
)

/** A sentence of ours in which commands stand between back quotes. */
const Prose = ({ text }: { text: string }) => (
  <>{text.split('`').map((part, i) => (i % 2 === 1 ? <code>{part}</code> : part))}</>
)

const Numbers = ({ port }: { port: PortVerdict }) => (
  <dl class="facts">
    <Fact name="Endpoint">
      <code>
        {endpointKey(port)}/{port.transport}
      </code>
    </Fact>
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
    {port.fastAt !== null && (
      <Fact name="Fast verdict">
        <Time at={port.fastAt} />
      </Fact>
    )}
    {port.confirmedAt !== null && (
      <Fact name="Confirmed">
        <Time at={port.confirmedAt} />
      </Fact>
    )}
    {port.recheck && <Fact name="Open port re-check">{RECHECK[port.recheck]}</Fact>}
    {port.recovery && (
      <Fact name="Recovery">
        {RECOVERY[port.recovery]}
        {port.recoveredBetween && (
          <>
            , between <Time at={port.recoveredBetween[0]} /> and <Time at={port.recoveredBetween[1]} />
          </>
        )}
      </Fact>
    )}
    <Fact name="Reachable">{span(port.coverage.reachableSeconds * 1000)}</Fact>
    <Fact name="Lost for">{span(port.coverage.lostSeconds * 1000)}</Fact>
    <Fact name="Work done while reachable">{percent(port.coverage.share)}</Fact>
    <Fact name="E-value, log-likelihood ratio">
      {round(port.eValue)}, {round(port.llr)}
    </Fact>
    <Fact name="Connects from the alarm on">{port.connects}</Fact>
    {port.probes.length > 0 && (
      <Fact name="Carried by">
        <span class="break">{port.probes.join(', ')}</span>
      </Fact>
    )}
  </dl>
)

const round = (value: number): string => (Math.abs(value) >= 100 ? String(Math.round(value)) : value.toPrecision(3))

/** One line for each port. */
export const PortTable = ({
  ports,
  detailed,
}: {
  ports: readonly PortVerdict[]
  detailed: ReadonlySet<PortVerdict>
}) => (
  <Table
    label="Ports"
    columns={['Port', 'Service', 'Verdict', 'Cause', 'Confidence', 'Re-check', 'Tested while reachable']}
  >
    {ports.map((port) => (
      <tr>
        <th scope="row">
          {detailed.has(port) ? <a href={`#${anchorOf(port)}`}>{port.port}</a> : port.port}{' '}
          <span class="dim">{port.address}</span>
        </th>
        <td>{spoken(port.service)}</td>
        <td>
          <VerdictBadge verdict={port.verdict} strength={port.strength} />
        </td>
        <td>
          {port.cause ? (port.cause.mechanism ? MECHANISM[port.cause.mechanism] : CAUSE[port.cause.class].name) : ''}
        </td>
        <td>{port.cause ? percent(port.cause.confidence) : ''}</td>
        <td>{port.recheck ? RECHECK[port.recheck] : ''}</td>
        <td>
          <Share share={port.coverage.share} label={`Tested while port ${port.port} was reachable`} />
        </td>
      </tr>
    ))}
  </Table>
)
