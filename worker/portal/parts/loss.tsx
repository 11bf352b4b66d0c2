import { endpointKey } from '../../../schema/facts.ts'
import type { Cause, PortVerdict } from '../../../schema/judgement.ts'
import { percent } from '../../core/text.ts'
import type { ChecksOf } from '../views.ts'
import { CAUSE, MECHANISM, VERDICT } from '../words.ts'
import { Share, VerdictBadge } from './badge.tsx'
import { anchorOf, causeName, Numbers } from './port.tsx'
import { Timeline } from './timeline.tsx'
import { grouped, portsAlike, portsNamed, type SaidText, saidOf, textsOf } from './together.ts'

export interface LossesProps {
  ports: readonly PortVerdict[]
  checks: ChecksOf
  /** `endpointKey` → the issue in which the port was counted */
  issueOf: Readonly<Record<string, string>>
  /** begin and end of the scan, for the timeline; null while unknown */
  scan: { from: number; to: number } | null
}

/** What happened to these ports, why, how we know, and what to do; said once for all that were lost to the same. */
export const Losses = ({ ports, ...rest }: LossesProps) => (
  <div class="cards">
    {grouped(ports).map((group) => (
      <LossCard ports={group} {...rest} />
    ))}
  </div>
)

const LossCard = ({ ports, checks, issueOf, scan }: LossesProps) => {
  const [first] = ports
  if (!first) return null
  const issues = [...new Set(ports.map((port) => issueOf[endpointKey(port)]).filter((id) => id !== undefined))]
  return (
    <article class="port">
      <header>
        <h3>
          {ports.length === 1 ? 'Port' : 'Ports'} <PortNames ports={ports} />
        </h3>
        <VerdictBadge verdict={first.verdict} strength={first.strength} />
      </header>
      <p class="lead">{VERDICT[first.verdict].sentence}</p>
      {scan &&
        ports.map((port) => (
          <Timeline port={port} from={scan.from} to={scan.to} name={ports.length > 1 ? `Port ${port.port}: ` : ''} />
        ))}
      {first.cause && <CausePart cause={first.cause} ports={ports} />}
      <EvidenceList title="Evidence for it" ports={ports} supports={true} />
      <EvidenceList title="Evidence against it" ports={ports} supports={false} />
      <RemediationPart ports={ports} />
      <details>
        <summary>All numbers</summary>
        {ports.map((port) => (
          <Numbers port={port} checks={checks} />
        ))}
      </details>
      {issues.map((id) => (
        <p>
          <a href={`/issues/${id}`}>Its issue</a>
        </p>
      ))}
    </article>
  )
}

/** Each carries the name that links lead to. */
const PortNames = ({ ports }: { ports: readonly PortVerdict[] }) => (
  <>
    {ports.map((port, i) => (
      <>
        {i > 0 && ', '}
        <span id={anchorOf(port)}>
          {port.port} <span class="dim">{port.service === 'unknown' ? '' : port.service}</span>
        </span>
      </>
    ))}
  </>
)

/** `Port 22: `, where what follows is not said of all. */
const For = ({ some, all }: { some: readonly PortVerdict[]; all: readonly PortVerdict[] }) =>
  some.length === all.length ? null : <strong>{capital(portsNamed(some, all))}: </strong>

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const CausePart = ({ cause, ports }: { cause: Cause; ports: readonly PortVerdict[] }) => {
  const of = <T,>(read: (cause: Cause) => T | null) =>
    saidOf(ports, (port) => {
      const value = port.cause && read(port.cause)
      return value === null ? [] : [value]
    })
  return (
    <div class="cause">
      <h4>
        {CAUSE[cause.class].name}
        {cause.mechanism && `: ${MECHANISM[cause.mechanism]}`}
        {cause.vendor && ` (${cause.vendor})`}
      </h4>
      <p>{CAUSE[cause.class].sentence}</p>
      {of(({ confidence }) => confidence).map(({ value, ports: some }) => (
        <p>
          <For some={some} all={ports} />
          <Share share={value} label="Confidence" /> <span class="dim">confidence</span>
        </p>
      ))}
      {of(({ alternatives }) => (alternatives.length > 0 ? alternatives : null)).map(({ value, ports: some }) => (
        <p class="dim">
          <For some={some} all={ports} />
          It could also be {value.map((guess) => `${causeName(guess)} (${percent(guess.confidence)})`).join(', ')}.
        </p>
      ))}
      {of(({ indistinguishable }) => (indistinguishable.length > 0 ? indistinguishable : null)).map(
        ({ value, ports: some }) => (
          <p class="dim">
            <For some={some} all={ports} />
            From outside it looks the same as {value.map((word) => MECHANISM[word]).join(', ')}.
          </p>
        ),
      )}
      {textsOf(ports, (port) => (port.cause?.askOwner ? [port.cause.askOwner] : [])).map((said) => (
        <p>
          <strong>One line of the owner’s log would settle it:</strong> <Text said={said} all={ports} />
        </p>
      ))}
    </div>
  )
}

const EvidenceList = ({
  title,
  ports,
  supports,
}: {
  title: string
  ports: readonly PortVerdict[]
  supports: boolean
}) => {
  const of = (port: PortVerdict) => port.evidence.filter((item) => item.supports === supports)
  const items = saidOf(ports, (port) => of(port).map(({ rule, text }) => ({ rule, text })))
  if (items.length === 0) return null
  return (
    <div>
      <h4>{title}</h4>
      <ul class="evidence">
        {items.map(({ value: { rule, text }, ports: some }) => {
          const observations = some
            .flatMap(of)
            .filter((item) => item.rule === rule && item.text === text)
            .reduce((sum, item) => sum + item.observations.length, 0)
          return (
            <li>
              <For some={some} all={ports} />
              {text} <a href={`/rules#${rule}`}>{rule}</a>{' '}
              {observations > 0 && (
                <span class="dim">
                  {observations} {observations === 1 ? 'observation' : 'observations'}
                </span>
              )}
            </li>
          )
        })}
      </ul>
    </div>
  )
}

const RemediationPart = ({ ports }: { ports: readonly PortVerdict[] }) => {
  const fixes = ports.flatMap((port) => port.remediation ?? [])
  if (fixes.length === 0) return null
  // Step by step, so that what is written for one port stands beside what is written for the next.
  const steps = Array.from({ length: Math.max(...fixes.map((fix) => fix.steps.length)) }, (_, i) =>
    textsOf(ports, (port) => port.remediation?.steps[i] ?? []),
  )
  return (
    <div class="fix">
      {textsOf(ports, (port) => port.remediation?.title ?? []).map(({ value }) => (
        <h4>{value}</h4>
      ))}
      <ol>
        {steps.map((texts) => (
          <li>
            {texts.map((said) => (
              <p>
                <Text said={said} all={ports} />
              </p>
            ))}
          </li>
        ))}
      </ol>
      <p>
        The list to let through: <a href="/ranges">our addresses</a>.
      </p>
    </div>
  )
}

/** A sentence of ours in which commands stand between back quotes, and what it says of ports with other numbers. */
const Text = ({ said, all }: { said: SaidText; all: readonly PortVerdict[] }) => (
  <>
    <For some={[...said.ports, ...said.alike]} all={all} />
    {said.value.split('`').map((part, i) => (i % 2 === 1 ? <code>{part}</code> : part))}
    {said.alike.length > 0 && <span class="dim"> Likewise for {portsAlike(said, all)}.</span>}
  </>
)
