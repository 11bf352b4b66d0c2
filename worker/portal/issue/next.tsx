import { printable } from '../../../schema/terminal.ts'
import { SNOOZE_REASONS } from '../../../schema/words.ts'
import { AreaField, SelectField, TextField } from '../parts/field.tsx'
import { Fold, Form } from '../parts/form.tsx'
import { Stimulus, Stopped } from '../parts/prove.tsx'
import { Ago, Time } from '../parts/time.tsx'
import type { Frame, IssueView } from '../views.ts'
import { SNOOZE } from '../words.ts'

const DAY = 86_400_000
/** Days that a snooze can last without choosing a date. */
export const SNOOZE_DAYS = [1, 7, 30, 90] as const
/** A snooze ends within a year; worker/routes/issues.ts refuses a later end. */
const LONGEST_DAYS = 365

/** What can be done about an open issue, and what happens then. */
export const WhatNext = ({ issue, frame }: { issue: IssueView; frame: Frame }) =>
  issue.state === 'closed' ? null : (
    <section>
      <h2>What next</h2>
      <div class="next">
        {issue.targetRemovedAt === null ? (
          <>
            {issue.finding !== 'unproved' && <Retest issue={issue} frame={frame} />}
            {issue.finding === 'interference' && <Prove issue={issue} frame={frame} />}
          </>
        ) : (
          <p>
            Its target was removed <Ago at={issue.targetRemovedAt} now={frame.now} />: it is scanned no more, so that
            there is nothing to retest and nothing to prove.
          </p>
        )}
        <SnoozePart issue={issue} frame={frame} />
      </div>
    </section>
  )

const Retest = ({ issue: { id, retests }, frame: { mayWrite, stopped, now } }: { issue: IssueView; frame: Frame }) => {
  const running = retests.find(({ finishedAt }) => finishedAt === null)
  return (
    <article>
      <h3>Retest</h3>
      <p>
        Scans again what was lost, from the same address with the same profile. If that ends clear, the issue closes by
        itself.
      </p>
      {running ? (
        <p>
          <a href={`/scans/${running.id}`}>A retest is under way</a>, asked for <Ago at={running.createdAt} now={now} />
          .
        </p>
      ) : mayWrite && stopped ? (
        <Stopped />
      ) : mayWrite ? (
        <form method="post" action={`/api/v1/issues/${id}/retest`}>
          <button class="main" type="submit">
            Retest now
          </button>
        </form>
      ) : (
        <p class="dim">
          A key of scope write can start the retest: <code>POST /api/v1/issues/{id}/retest</code>
        </p>
      )}
    </article>
  )
}

const Prove = ({
  issue: { id, targetId, proofs },
  frame: { mayWrite, stopped, now },
}: {
  issue: IssueView
  frame: Frame
}) => {
  const running = proofs.find(({ finishedAt }) => finishedAt === null)
  return (
    <article>
      <h3>Prove the allowlist</h3>
      <p>
        Every address of ours touches every known port, one after the other: it shows which of them still do not pass.
      </p>
      {running ? (
        <p>
          <a href={`/proofs/${running.id}`}>A proof is under way</a>, asked for <Ago at={running.createdAt} now={now} />
          .
        </p>
      ) : mayWrite && stopped ? (
        <Stopped />
      ) : mayWrite ? (
        <Form id="prove" class="prove" action={`/api/v1/targets/${targetId}/prove`}>
          <Stimulus />
          <button type="submit">Prove the allowlist</button>
        </Form>
      ) : (
        <p class="dim">
          A key of scope write can prove the allowlist: <code>portwitness issues show {id}</code> tells how.
        </p>
      )}
    </article>
  )
}

const SnoozePart = ({ issue, frame }: { issue: IssueView; frame: Frame }) => {
  const { id, state, snooze } = issue
  if (!frame.mayWrite)
    return (
      <article>
        <h3>Snooze</h3>
        <p class="dim">
          A key of scope write can snooze it: <code>POST /api/v1/issues/{id}/snooze</code>
        </p>
      </article>
    )
  return (
    <article>
      <h3>{state === 'snoozed' ? 'Snoozed' : 'Snooze'}</h3>
      {state === 'snoozed' ? (
        <>
          <p>
            Nobody is told of it
            {snooze?.until ? (
              <>
                {' '}
                until <Time at={snooze.until} />
              </>
            ) : (
              ' for now'
            )}
            ; scans go on and what they see is kept. It wakes by itself.
          </p>
          <form method="post" action={`/api/v1/issues/${id}/snooze?method=DELETE`}>
            <button type="submit">Unsnooze</button>
          </form>
        </>
      ) : (
        <p>Nobody is told of it until then. Scans go on, what they see is kept, and it wakes by itself.</p>
      )}
      <SnoozeForm issue={issue} now={frame.now} />
    </article>
  )
}

const day = (at: number): string => new Date(at).toISOString().slice(0, 10)

const SnoozeForm = ({ issue: { id, state, snooze }, now }: { issue: IssueView; now: number }) => (
  <Fold id="snooze" summary={state === 'snoozed' ? 'Snooze it anew…' : 'Snooze it…'}>
    <Form id="snooze-form" action={`/api/v1/issues/${id}/snooze`}>
      <SelectField
        id="snooze-reason"
        name="reason"
        label="Reason"
        value={snooze?.reason ?? undefined}
        options={SNOOZE_REASONS.map((value) => ({ value, text: SNOOZE[value] }))}
      />
      <SelectField
        id="snooze-days"
        name="days"
        label="For"
        value="7"
        options={SNOOZE_DAYS.map((days) => ({ value: String(days), text: days === 1 ? '1 day' : `${days} days` }))}
      />
      <TextField
        id="snooze-date"
        name="date"
        of="until"
        label="Or until a day (UTC)"
        saysOptional={false}
        type="date"
        min={day(now + DAY)}
        max={day(now + LONGEST_DAYS * DAY)}
        hint="Within a year. Where a day is given, it counts."
      />
      <AreaField
        id="snooze-note"
        name="note"
        label="Note"
        rows={2}
        maxlength={1000}
        value={printable(snooze?.note ?? '', 1_000)}
      />
      <button type="submit">Snooze</button>
    </Form>
  </Fold>
)
