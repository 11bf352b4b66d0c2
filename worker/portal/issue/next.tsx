import { printable } from '../../../schema/terminal.ts'
import { SNOOZE_REASONS } from '../../../schema/words.ts'
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
        {issue.finding !== 'unproved' && <Retest issue={issue} frame={frame} />}
        {issue.finding === 'interference' && <Prove issue={issue} frame={frame} />}
        <SnoozePart issue={issue} frame={frame} />
      </div>
    </section>
  )

const Retest = ({ issue: { id, retests }, frame: { mayWrite, now } }: { issue: IssueView; frame: Frame }) => {
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

const Prove = ({ issue: { id, targetId, proofs }, frame: { mayWrite, now } }: { issue: IssueView; frame: Frame }) => {
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
      ) : mayWrite ? (
        <form class="prove" method="post" action={`/api/v1/targets/${targetId}/prove`}>
          <label class="check">
            <input type="checkbox" name="stimulus" value="yes" /> repeat the harmless stimulus, as the owner of the
            target allows: only that closes an issue
          </label>
          <button type="submit">Prove the allowlist</button>
        </form>
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
  <details id="snooze">
    <summary>{state === 'snoozed' ? 'Snooze it anew…' : 'Snooze it…'}</summary>
    <form class="fields" method="post" action={`/api/v1/issues/${id}/snooze`}>
      <div class="field">
        <label for="snooze-reason">Reason</label>
        <select id="snooze-reason" name="reason" required>
          {SNOOZE_REASONS.map((reason) => (
            <option value={reason} selected={reason === snooze?.reason}>
              {SNOOZE[reason]}
            </option>
          ))}
        </select>
      </div>
      <div class="field">
        <label for="snooze-days">For</label>
        <select id="snooze-days" name="days">
          {SNOOZE_DAYS.map((days) => (
            <option value={days} selected={days === 7}>
              {days === 1 ? '1 day' : `${days} days`}
            </option>
          ))}
        </select>
      </div>
      <div class="field">
        <label for="snooze-date">Or until a day (UTC)</label>
        <input
          id="snooze-date"
          name="date"
          type="date"
          min={day(now + DAY)}
          max={day(now + LONGEST_DAYS * DAY)}
          aria-describedby="snooze-date-hint"
        />
        <span class="hint" id="snooze-date-hint">
          Within a year. Where a day is given, it counts.
        </span>
      </div>
      <div class="field">
        <label for="snooze-note">Note</label>
        <textarea id="snooze-note" name="note" rows={2} maxlength={1000}>
          {printable(snooze?.note ?? '', 1_000)}
        </textarea>
      </div>
      <button type="submit">Snooze</button>
    </form>
  </details>
)
