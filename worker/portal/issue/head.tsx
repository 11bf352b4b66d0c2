import type { Child } from 'hono/jsx'
import type { PortVerdict } from '../../../schema/judgement.ts'
import { listed, percent } from '../../core/text.ts'
import { issueTone } from '../issues.tsx'
import { Badge } from '../parts/badge.tsx'
import { whyOf } from '../parts/cause.ts'
import { anchorOf, causeName } from '../parts/port.tsx'
import { Lifetime } from '../parts/rows.tsx'
import { Said } from '../parts/said.tsx'
import { Ago, Time } from '../parts/time.tsx'
import { portsNamed } from '../parts/together.ts'
import type { IssueView } from '../views.ts'
import { SNOOZE, VERDICT } from '../words.ts'

const NAMED = 6

/** What a person who comes from a message wants first: what was lost, by what, how sure we are, what is to be done. */
export const IssueHead = ({ issue, now, hasAllowlist }: { issue: IssueView; now: number; hasAllowlist: boolean }) => (
  <section class={`verdict ${issueTone(issue)}`}>
    <p>
      <Badge tone={issue.state === 'closed' ? 'good' : issueTone(issue)} text={`${issue.finding}, ${issue.state}`} />{' '}
      <span class="dim">
        last seen <Ago at={issue.restatedAt} now={now} />, <Lifetime of={issue} now={now} />
        {issue.seen > 1 && `, ${issue.seen.toLocaleString('en')} occurrences`}
        {issue.before && (
          <>
            ; it came back after <a href={`/issues/${issue.before.id}`}>an earlier issue</a> was closed
          </>
        )}
      </span>
    </p>
    <h1>{issue.title}</h1>
    <Answers issue={issue} hasAllowlist={hasAllowlist} />
    <Standing issue={issue} />
  </section>
)

const Answers = ({ issue, hasAllowlist }: { issue: IssueView; hasAllowlist: boolean }) => {
  const { lost, causes } = issue
  if (issue.finding === 'unproved')
    return (
      <dl class="answers">
        <Answer name="What to do">
          {issue.targetRemovedAt === null ? (
            <>
              <a href={`/targets/${issue.targetId}`}>Prove control of the address</a>: until then it is not scanned.
            </>
          ) : (
            NOTHING_TO_DO
          )}
        </Answer>
      </dl>
    )
  const [first] = causes
  return (
    <dl class="answers">
      {lost.length > 0 && (
        <Answer name="What was lost">
          <LostPorts issue={issue} />
        </Answer>
      )}
      <Answer name="By what">
        {first ? (
          <>
            <strong>{whyOf(first)}</strong>
            <Otherwise issue={issue} />
          </>
        ) : (
          'The facts do not say.'
        )}
      </Answer>
      <Answer name="How sure">
        {surenessOf(lost)}
        {first && (
          <>
            {' '}
            The cause: <strong class="whole">{percent(first.confidence)}</strong>.
          </>
        )}
      </Answer>
      <Answer name="What to do">
        <ToDo issue={issue} hasAllowlist={hasAllowlist} />
      </Answer>
    </dl>
  )
}

/** How sure it is that the scanner alone lost them, where that differs port by port. */
function surenessOf(lost: readonly PortVerdict[]): string {
  const groups = (['confirmed', 'likely', null] as const).flatMap((strength) => {
    const ports = lost.filter((port) => port.strength === strength)
    return ports.length > 0 ? [{ word: strength ?? 'not shown', ports }] : []
  })
  const [only] = groups
  if (!only) return 'It is not known whether it was us alone.'
  const named = ({ word, ports }: typeof only) =>
    groups.length === 1
      ? word
      : `${word} on ${portsNamed(ports.slice(0, NAMED), lost)}${ports.length > NAMED ? ' and more' : ''}`
  return `That it was us alone: ${listed(groups.map(named))}.`
}

const Answer = ({ name, children }: { name: string; children: Child }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

const LostPorts = ({ issue: { lost, lostCount, scan } }: { issue: IssueView }) => {
  const scanner = scan?.panel.find(({ role }) => role === 'scanner')
  const verdicts = [...new Set(lost.map(({ verdict }) => verdict))]
  const [verdict] = verdicts
  return (
    <>
      <strong>
        {lost.length === 1 && lostCount <= 1 ? 'Port' : 'Ports'}{' '}
        {lost.slice(0, NAMED).map((port, i) => (
          <>
            {i > 0 && ', '}
            <a href={`#${anchorOf(port)}`}>{port.port}</a>
            {port.service !== 'unknown' && ` ${port.service}`}
          </>
        ))}
        {lostCount > NAMED && ` and ${(lostCount - NAMED).toLocaleString('en')} more`}
      </strong>
      {scanner && (
        <>
          {' '}
          seen from <code>{scanner.sourceAddress}</code> ({scanner.site})
        </>
      )}
      . {verdict && verdicts.length === 1 ? VERDICT[verdict].sentence : 'They fared differently: see below.'}
    </>
  )
}

const Otherwise = ({ issue: { causes, lost } }: { issue: IssueView }) => {
  const [, ...more] = causes
  if (more.length > 0) return <>; elsewhere {listed(more.map((cause) => whyOf(cause)))}</>
  const guesses = lost[0]?.cause?.alternatives.slice(0, 2) ?? []
  return guesses.length === 0 ? null : (
    <span class="dim">
      {' '}
      or{' '}
      {guesses.map((guess, i) => (
        <>
          {i > 0 && ', '}
          {causeName(guess)} <span class="whole">({percent(guess.confidence)})</span>
        </>
      ))}
    </span>
  )
}

const NOTHING_TO_DO = 'Nothing: its target was removed and is scanned no more.'

const ToDo = ({ issue, hasAllowlist }: { issue: IssueView; hasAllowlist: boolean }) => {
  if (issue.state === 'closed') return <>Nothing more: the fix is proved.</>
  if (issue.targetRemovedAt !== null) return <>{NOTHING_TO_DO}</>
  const titles = new Map<string, PortVerdict>()
  for (const port of issue.lost)
    if (port.remediation && !titles.has(port.remediation.title)) titles.set(port.remediation.title, port)
  return (
    <>
      {[...titles].map(([title, port], i) => (
        <>
          {i > 0 && '; '}
          <a href={`#${anchorOf(port)}`}>{title}</a>
        </>
      ))}
      {titles.size === 0 && <>Retest it: what was lost is looked at again.</>}
      {hasAllowlist && (
        <>
          {titles.size > 0 && '. '}
          <a href="#allowlist">The text to put in place is ready</a>.
        </>
      )}
    </>
  )
}

/** An issue closes only on proof, so the page says what proof is still missing. */
const Standing = ({ issue }: { issue: IssueView }) => {
  if (issue.state === 'closed' && issue.closedAt !== null)
    return (
      <p class="lead">
        Proved fixed <Time at={issue.closedAt} />
        {issue.closedBy?.startsWith('scn_') && (
          <>
            {' '}
            by <a href={`/scans/${issue.closedBy}`}>a retest that ended clear</a>
          </>
        )}
        {issue.closedBy?.startsWith('prf_') && (
          <>
            {' '}
            by <a href={`/proofs/${issue.closedBy}`}>a proof with the stimulus from every address</a>
          </>
        )}
        .
      </p>
    )
  return (
    <>
      {issue.snooze && issue.state === 'snoozed' && (
        <p>
          Snoozed{issue.snooze.reason && ` as ${SNOOZE[issue.snooze.reason]}`}
          {issue.snooze.until !== null && (
            <>
              {' '}
              until <Time at={issue.snooze.until} />
            </>
          )}
          {issue.snooze.note && (
            <>
              : <Said text={issue.snooze.note} most={1_000} />
            </>
          )}
        </p>
      )}
      <p class="dim">{closesBy(issue)}</p>
    </>
  )
}

function closesBy({ finding, answeredAt, targetRemovedAt }: IssueView): string {
  if (targetRemovedAt !== null)
    return 'With its target gone nothing can prove it fixed: it stays, and is not counted any more.'
  if (finding === 'unproved') return 'It closes when control of the address is proved.'
  return answeredAt === null
    ? 'It closes when a retest from the same address, with the same stimulus, ends clear, or when every address passes with that stimulus.'
    : 'The ports answer again. Bans run out by themselves, so only a retest or a proof with the same stimulus can close it.'
}
