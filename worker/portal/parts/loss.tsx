import { raw } from 'hono/html'
import { endpointKey } from '../../../schema/facts.ts'
import type { Cause, PortVerdict, StepKind } from '../../../schema/judgement.ts'
import { worstFirst } from '../../../schema/words.ts'
import { percent } from '../../core/text.ts'
import { type Album, pictureIn } from '../lanes/album.ts'
import { LanesFigure, pictureHref } from '../lanes/figure.tsx'
import type { Picture } from '../lanes/model.ts'
import { escaped } from '../lanes/telling.ts'
import type { ChecksOf } from '../views.ts'
import { CAUSE, MECHANISM, VERDICT } from '../words.ts'
import { Share, VerdictBadge } from './badge.tsx'
import { alikeWords } from './cause.ts'
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
  /** what pictures of these ports are made of; without it there is the timeline alone */
  album?: Album | null
  /** of so many ports the picture stands in the page */
  drawAtMost?: number
  /** has an output that can be looked at beside the page */
  output?: string
}

/** Ports whose picture stands in the page: each costs some milliseconds, and those of further ones are fetched when they are opened. */
const PICTURES = 3

/** What happened to these ports, why, how we know, and what to do; said once for all that were lost to the same. */
export const Losses = ({ ports, album = null, drawAtMost = PICTURES, ...rest }: LossesProps) => {
  const groups = grouped(ports.toSorted(worstFirst))
  const drawn = new Map(
    groups
      .flat()
      .slice(0, drawAtMost)
      .map((port) => [port, album && pictureIn(album, port)]),
  )
  return (
    <div class="losses">
      {groups.map((group) => (
        <LossCard ports={group} album={album} drawn={drawn} {...rest} />
      ))}
    </div>
  )
}

type Pictures = ReadonlyMap<PortVerdict, Picture | null>

const LossCard = ({ ports, checks, issueOf, scan, album = null, drawn, output }: LossesProps & { drawn: Pictures }) => {
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
      {ports.map((port) => (
        <Life port={port} scan={scan} album={album} drawn={drawn} isOne={ports.length === 1} />
      ))}
      <div class="why">
        {first.cause && <CausePart cause={first.cause} ports={ports} />}
        <div class="proof">
          <EvidenceList title="Evidence for it" ports={ports} supports={true} drawn={drawn} />
          <EvidenceList title="Evidence against it" ports={ports} supports={false} drawn={drawn} />
        </div>
      </div>
      <RemediationPart ports={ports} />
      <details>
        <summary>All numbers</summary>
        {ports.map((port) => (
          <Numbers port={port} checks={checks} />
        ))}
      </details>
      {(issues.length > 0 || output !== undefined) && (
        <p class="actions">
          {issues.map((id) => (
            <a class="button" href={`/issues/${id}`}>
              Its issue
            </a>
          ))}
          {output !== undefined && (
            <a class="button" href={output} data-pane={`${output}?whole`} data-find={String(first.port)}>
              See scan output
            </a>
          )}
        </p>
      )}
    </article>
  )
}

/** The picture where there is one; else the line of its life. Of many ports only the first are drawn at once. */
const Life = ({
  port,
  scan,
  album,
  drawn,
  isOne,
}: {
  port: PortVerdict
  scan: LossesProps['scan']
  album: Album | null
  drawn: Pictures
  isOne: boolean
}) => {
  const picture = drawn.get(port)
  const name = isOne ? '' : `Port ${port.port}: `
  if (picture && album) return <LanesFigure album={album} picture={picture} name={name} />
  const line = scan && <Timeline port={port} from={scan.from} to={scan.to} name={name} />
  if (!album || drawn.has(port)) return line
  return (
    <>
      {line}
      <details>
        <summary>What each source saw of port {port.port}</summary>
        <img
          class="alone"
          src={pictureHref(album, port)}
          loading="lazy"
          alt={`Port ${port.port}, what each source saw`}
        />
      </details>
    </>
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
      {of(alikeWords).map(({ value, ports: some }) => (
        <p class="dim">
          <For some={some} all={ports} />
          {value}
        </p>
      ))}
      {textsOf(ports, (port) => (port.cause?.askOwner ? [port.cause.askOwner] : [])).map((said) => (
        <p class="settles">
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
  drawn,
}: {
  title: string
  ports: readonly PortVerdict[]
  supports: boolean
  drawn: Pictures
}) => {
  const of = (port: PortVerdict) => port.evidence.filter((item) => item.supports === supports)
  const items = saidOf(ports, (port) => of(port).map(({ rule, text }) => ({ rule, text })))
  if (items.length === 0) return null
  const ids = new Set(ports.flatMap((port) => [...(drawn.get(port)?.ids ?? [])]))
  return (
    <div>
      <h4>{title}</h4>
      <ul class={`evidence ${supports ? 'for' : 'against'}`}>
        {items.map(({ value: { rule, text }, ports: some }) => (
          <li>
            <For some={some} all={ports} />
            {text} <a href={`/rules#${rule}`}>{rule}</a>{' '}
            <Carried
              by={some
                .flatMap(of)
                .filter((item) => item.rule === rule && item.text === text)
                .flatMap((item) => item.observations)}
              drawn={ids}
            />
          </li>
        ))}
      </ul>
    </div>
  )
}

/** Observations that are linked one by one; of more only their number is told. */
const LINKS = 6

/** As text: a page can have hundreds of them. */
const markLink = (id: string, n: number, all: number): string =>
  ` <a href="#obs-${escaped(id)}" aria-label="Observation ${n} of ${all} in the picture">${n}</a>`

/** How many observations carry it, and where those that are drawn are. */
const Carried = ({ by, drawn }: { by: readonly string[]; drawn: ReadonlySet<string> }) => {
  if (by.length === 0) return null
  const shown = by.filter((id) => drawn.has(id)).slice(0, LINKS)
  return (
    <span class="dim carried">
      {by.length} {by.length === 1 ? 'observation' : 'observations'}
      {shown.length > 0 && ':'}
      {raw(shown.map((id, i) => markLink(id, i + 1, by.length)).join(''))}
      {shown.length > 0 && shown.length < by.length && ' …'}
    </span>
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
        <h4>
          <span class="dim">What to do: </span>
          {value}
        </h4>
      ))}
      <ol>
        {steps.map((texts, i) => {
          const kind = fixes.find((fix) => fix.kinds?.[i])?.kinds?.[i]
          return (
            <li class={kind}>
              {kind && <span class="kind">{stepKind(kind).name}</span>}
              {texts.map((said) => (
                <p>
                  <Text said={withoutName(said, kind)} all={ports} />
                </p>
              ))}
            </li>
          )
        })}
      </ol>
      <p>
        The list to let through: <a href="/ranges">our addresses</a>.
      </p>
    </div>
  )
}

/** What a step is for, and how its text may begin by saying the same. */
function stepKind(kind: StepKind): { name: string; says?: string } {
  switch (kind) {
    case 'happened':
      return { name: 'What happened' }
    case 'confirm':
      return { name: 'Make sure', says: 'To confirm: ' }
    case 'change':
      return { name: 'Change' }
    case 'letter':
      return { name: 'To be sent on as it stands' }
    case 'limit':
      return { name: 'Mind', says: 'Mind: ' }
    case 'undo':
      return { name: 'To undo it', says: 'To undo: ' }
    case 'then':
      return { name: 'In the end' }
  }
}

const withoutName = (said: SaidText, kind: StepKind | undefined): SaidText => {
  const says = kind && stepKind(kind).says
  return says && said.value.startsWith(says) ? { ...said, value: capital(said.value.slice(says.length)) } : said
}

/** A sentence of ours in which commands stand between back quotes, and what it says of ports with other numbers. */
const Text = ({ said, all }: { said: SaidText; all: readonly PortVerdict[] }) => (
  <>
    <For some={[...said.ports, ...said.alike]} all={all} />
    {said.value.split('`').map((part, i) => (i % 2 === 1 ? <code>{part}</code> : part))}
    {said.alike.length > 0 && <span class="dim"> Likewise for {portsAlike(said, all)}.</span>}
  </>
)
