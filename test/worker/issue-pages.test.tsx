import { describe, expect, test } from 'vitest'
import type { PortVerdict } from '../../schema/judgement.ts'
import { CAUSE_CLASSES, SNOOZE_REASONS } from '../../schema/words.ts'
import { eventsOf } from '../../worker/portal/issue/log.tsx'
import { IssuePage } from '../../worker/portal/issue/page.tsx'
import { IssuesPage } from '../../worker/portal/issues.tsx'
import type { AllowlistView, Frame, IssueLineView, IssueView } from '../../worker/portal/views.ts'
import { allowlistView, issueView, listAsk } from '../support/issue-pages.ts'
import { bannedPort, frame, HOSTILE, NOW, withoutOurScripts } from '../support/pages.ts'

const page = (issue: Partial<IssueView> = {}, allowlist: AllowlistView | null = null, as: Frame = frame) =>
  String(<IssuePage frame={as} issue={{ ...issueView, ...issue }} allowlist={allowlist} ask={listAsk} />)

const line: IssueLineView = { ...issueView, address: 'shop.example.com', snoozedUntil: null }
const DAY = 86_400_000
const list = (...issues: IssueLineView[]) =>
  String(<IssuesPage frame={frame} ask={listAsk} issues={issues} next={null} />)
const textOf = (html: string) => html.replace(/<[^>]*>/g, '').replace(/\s+/g, ' ')

describe('the page of an issue', () => {
  test('says at its top what was lost, by what, how sure we are, and what to do', () => {
    const html = page({}, allowlistView)
    const head = textOf(html.slice(0, html.indexOf('What next')))
    for (const words of [
      'What was lostPort 22 ssh seen from 198.51.100.7 (fra-1). Only our scanning address lost it.',
      'By whatBan on the source: fail2ban or a ban by an unidentified tool (9 %)',
      'That it was us alone: confirmed. The cause: 86 %.',
      'Let our addresses through fail2ban. The text to put in place is ready.',
    ])
      expect(head).toContain(words)
    expect(html).toContain('href="#port-203-0-113-9-22"')
    expect(html).toContain('href="#allowlist"')
  })

  test('says what proof is still missing, and of a closed one what proved it', () => {
    expect(page()).toContain('It closes when a retest')
    expect(page({ answeredAt: NOW })).toContain('only a retest or a proof with the same stimulus can close it')
    const closed = page({ state: 'closed', closedAt: NOW, closedBy: 'scn_proof' })
    expect(closed).toContain('href="/scans/scn_proof"')
    expect(closed).not.toContain('Retest now')
    expect(closed).not.toContain('>Snooze')
  })

  test('offers retest, proof and snooze, and says what happens then', () => {
    const html = page()
    expect(html).toContain(`<form method="post" action="/api/v1/issues/${issueView.id}/retest">`)
    expect(html).toContain('closes by itself')
    expect(html).toContain(`action="/api/v1/targets/${issueView.targetId}/prove"`)
    expect(html).toContain(`action="/api/v1/issues/${issueView.id}/snooze"`)
    expect(html).toContain('Nobody is told of it until then')
    for (const reason of SNOOZE_REASONS) expect(html).toContain(`<option value="${reason}"`)
  })

  test('a snoozed one says until when and why, and can be woken', () => {
    const html = page({ state: 'snoozed', snooze: { until: NOW, reason: 'mitigated', note: 'moved on Friday' } })
    expect(html).toContain('Snoozed as mitigated')
    expect(html).toContain('moved on Friday')
    expect(html).toContain(`action="/api/v1/issues/${issueView.id}/snooze?method=DELETE"`)
  })

  test('who may only read is told the calls, and gets no button', () => {
    const html = page({}, null, { ...frame, mayWrite: false })
    expect(html).toContain(`POST /api/v1/issues/${issueView.id}/retest`)
    for (const name of ['Retest now', 'Unsnooze', 'type="submit">Snooze', 'type="submit">Prove'])
      expect(html).not.toContain(name)
  })

  test('while a retest or a proof is under way it leads there instead of asking for another', () => {
    const running = { id: 'scn_retest', state: 'running' as const, createdAt: NOW, finishedAt: null, verdict: null }
    const html = page({ retests: [running] })
    expect(html).toContain('<a href="/scans/scn_retest">A retest is under way</a>')
    expect(html).not.toContain('Retest now')
    expect(html).toContain('http-equiv="refresh"')
  })

  test('shows the allowlist with where it goes, how to check and undo it, in each format that fits', () => {
    const html = page({}, allowlistView)
    for (const words of ['ignoreip = 127.0.0.1/8', 'jail.d/portwitness.local', 'Where it goes', 'How to undo it'])
      expect(html).toContain(words)
    expect(html).toContain('data-copy-of="allowlist-text"')
    expect(html).toContain(`href="${allowlistView.href}" download="portwitness.local"`)
    expect(html).toMatch(/aria-current="true"[^>]*>fail2ban</)
    expect(html).toContain('?allow=nftables#allowlist')
  })

  test.each(['interference', 'unproved'] as const)(
    'of a removed target names it without a link, and offers for %s nothing that cannot be done',
    (finding) => {
      const html = page({ targetRemovedAt: NOW - 2 * DAY, finding })
      const text = textOf(html)
      expect(text).toContain(`Issues · ${issueView.target} (removed)`)
      expect(text).toContain('Nothing: its target was removed and is scanned no more.')
      expect(text).toContain(
        'Its target was removed 2 d ago: it is scanned no more, so that there is nothing to retest',
      )
      expect(text).toContain('With its target gone nothing can prove it fixed')
      expect(html).not.toMatch(/href="\/targets\/|Retest now|Prove the allowlist|Prove control|It closes when/)
    },
  )

  test('while the kill switch is on it offers neither retest nor proof, and says why', () => {
    const html = page({}, null, { ...frame, stopped: true })
    expect(html.match(/Scanning is stopped\./g)).toHaveLength(2)
    expect(html).not.toMatch(/Retest now|<button[^>]*>Prove/)
    expect(html).toContain(`action="/api/v1/issues/${issueView.id}/snooze"`)
  })

  test('a closed one says when it was opened and closed, an open one since when it is', () => {
    const since = textOf(page())
    expect(since).toContain('open since 3 d ago')
    expect(since).toContain('Open since2026')
    const closed = textOf(page({ state: 'closed', closedAt: NOW - DAY, closedBy: 'scn_proof' }))
    expect(closed).toContain('opened 3 d ago, closed 1 d ago')
    expect(closed).toContain('Opened2026')
    expect(closed).not.toMatch(/open since/i)
  })

  test('leads to the issue that was closed before it, and says what its coming back means', () => {
    const html = page({ before: { id: 'iss_earlier', closedAt: NOW - 5 * DAY } })
    expect(textOf(html)).toContain('it came back after an earlier issue was closed')
    expect(textOf(html)).toContain('The one before was closed: what it found at this target has come back')
    expect(html.match(/href="\/issues\/iss_earlier"/g)).toHaveLength(2)
    expect(textOf(page())).not.toContain('an earlier issue')
  })

  test('leads to the output of each occurrence as long as it is kept', () => {
    const html = page()
    const [kept, gone] = issueView.occurrences.map(({ id }) => `href="/api/v1/occurrences/${id}/output"`)
    expect(html).toContain(kept)
    expect(html).not.toContain(gone)
    expect(html.match(/its output is kept no more/g)).toHaveLength(1)
  })

  test('an issue of an address that nobody proved leads to its proof, and offers no retest', () => {
    const html = page({ finding: 'unproved', lost: [], lostCount: 0, causes: [], occurrences: [] })
    expect(html).toContain('Prove control of the address')
    expect(html).not.toContain('Retest now')
    expect(html).not.toContain('Prove the allowlist')
  })

  test('tells what happened when, newest first, from what is stored', () => {
    const attempt = { state: 'finished' as const, createdAt: NOW - 9_000 }
    const events = eventsOf({
      ...issueView,
      answeredAt: NOW - 7_000,
      retests: [{ ...attempt, id: 'scn_r', finishedAt: NOW - 8_000, verdict: 'interference' }],
      proofs: [
        {
          ...attempt,
          id: 'prf_p',
          finishedAt: NOW - 6_000,
          verdict: 'not_proved',
          statement: '1 of 3 does not pass.',
          sources: 3,
          hasStimulus: true,
        },
      ],
      deeds: [
        { at: NOW - 4_000, deed: 'woken', by: null },
        { at: NOW - 5_000, deed: 'snoozed', by: 'session:key_1' },
      ],
      state: 'closed',
      closedAt: NOW - 1_000,
      closedBy: 'prf_q',
    })
    expect(events.map(({ name, say }) => `${name}: ${say}`)).toEqual([
      'Closed: every address got through with the stimulus',
      'Unsnoozed: by hand',
      'Snoozed: by session:key_1',
      'Proof: not proved, with the stimulus: 1 of 3 does not pass.',
      'Answered: the lost ports answered again: no proof',
      'Retest: ended interference',
      'Seen again: a scan lost 1 port',
      'Opened: a scan lost 1 port',
    ])
  })
})

describe('the list of issues', () => {
  test('says of each by what, how sure, how it stands and since when', () => {
    const html = list(line)
    const text = textOf(html)
    for (const words of ['Ban on the source: fail2ban 86 %, block confirmed', 'interference', 'pci'])
      expect(text).toContain(words)
    expect(html).toContain(`href="/issues/${line.id}"`)
    expect(html).toContain('href="/issues?tag=pci"')
    for (const name of CAUSE_CLASSES) expect(html).toContain(`<option value="${name}"`)
  })

  test('marks those whose target is removed', () => {
    const html = list({ ...line, targetRemovedAt: NOW })
    expect(textOf(html)).toContain('its target is removed')
    expect(html).not.toContain('class="badge bad"')
    expect(list(line)).not.toContain('its target is removed')
  })

  test('without any says that nothing stands in the way', () => {
    expect(list()).toContain('No issue is open')
  })
})

describe('what a target sends cannot harm the reader of an issue', () => {
  const hostile: PortVerdict = {
    ...bannedPort,
    address: HOSTILE,
    cause: bannedPort.cause && { ...bannedPort.cause, vendor: HOSTILE, askOwner: HOSTILE },
    evidence: [{ rule: HOSTILE, supports: true, text: HOSTILE, observations: [HOSTILE] }],
    remediation: { title: HOSTILE, steps: [HOSTILE], formats: [HOSTILE] },
    probes: [HOSTILE],
  }
  const cause = { ...(issueView.causes[0] as IssueView['causes'][number]), vendor: HOSTILE }
  const attempt = { id: HOSTILE, state: 'finished' as const, createdAt: NOW, finishedAt: NOW }
  const pages = {
    issue: page(
      {
        title: HOSTILE,
        target: HOSTILE,
        tags: [HOSTILE],
        causes: [cause, cause],
        state: 'snoozed',
        snooze: { until: NOW, reason: 'mitigated', note: HOSTILE },
        lost: [hostile],
        occurrences: [
          {
            id: HOSTILE,
            scanId: HOSTILE,
            address: HOSTILE,
            port: 22,
            seenAt: NOW,
            said: { ...cause, verdict: 'interfered', strength: null },
          },
        ],
        proofs: [{ ...attempt, verdict: 'proved', statement: HOSTILE, sources: 1, hasStimulus: false }],
        deeds: [{ at: NOW, deed: 'snoozed', by: HOSTILE }],
      },
      {
        ...allowlistView,
        ...{ format: HOSTILE, title: HOSTILE, text: HOSTILE, file: HOSTILE, href: HOSTILE },
        ...{ where: [HOSTILE], check: [HOSTILE], undo: [HOSTILE], traps: [HOSTILE] },
        fitting: [
          { format: HOSTILE, name: HOSTILE, href: HOSTILE },
          { format: 'x', name: 'x', href: 'x' },
        ],
      },
    ),
    list: list({ ...line, title: HOSTILE, target: HOSTILE, tags: [HOSTILE], causes: [cause] }),
  }

  test.each(Object.entries(pages))('on the %s it is text, and nothing else', (_, html) => {
    expect(html).toContain('&lt;script&gt;')
    const bare = withoutOurScripts(html)
    expect(bare).not.toMatch(/<script|<img src=x|<style|\sstyle=|javascript:|<iframe|https?:\/\//i)
    // With the quoted values gone, whatever broke out of one would stand here as an attribute.
    expect(html.replace(/"[^"]*"/g, '""')).not.toMatch(/<[^>]*(onerror|alert)/i)
  })
})
