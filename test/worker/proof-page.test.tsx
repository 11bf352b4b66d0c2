import { describe, expect, test } from 'vitest'
import { IssuePage } from '../../worker/portal/issue/page.tsx'
import { ProofPage } from '../../worker/portal/proof.tsx'
import { ProofPart } from '../../worker/portal/report/proof.tsx'
import { TargetPage } from '../../worker/portal/target.tsx'
import { issueView, listAsk } from '../support/issue-pages.ts'
import { frame, NOW, proofView, targetView } from '../support/pages.ts'

const page = (proof = proofView, as = frame) => String(<ProofPage frame={as} proof={proof} />)

const PROVE = /<form[^>]* class="prove"/

describe('the proof page', () => {
  test('shows each address and each endpoint in words and shapes, and what still fails', () => {
    const html = page()
    for (const words of [
      'Some address is still shut out',
      '1 of 3 addresses does not get through: 198.51.100.7 (fra-1).',
      'What still fails',
      'answered 12 of 44 stimuli',
      'fell silent',
      'that of the assertive profile',
      '3 more known endpoints are beyond what one proof takes',
      'What to do',
    ])
      expect(html).toContain(words)
    for (const word of ['passes', 'shut', 'limited', 'not seen'])
      expect(html).toMatch(new RegExp(`aria-hidden="true">.</span> ${word}<`))
    expect(html).toContain(`href="/api/v1/proofs/${proofView.id}/output?view=cut"`)
    expect(html).toContain(`href="/issues/${issueView.id}"`)
  })

  test('is safe from what a target said', () => {
    expect(page()).not.toContain('<b>ECONNREFUSED')
    expect(page()).toContain('&lt;b&gt;ECONNREFUSED')
  })

  test('renews itself while it runs, and offers another proof when it is over, to those who may', () => {
    const running = { ...proofView, finishedAt: null, result: { ...proofView.result, verdict: null } }
    expect(page(running)).toContain('http-equiv="refresh"')
    expect(page(running)).not.toMatch(PROVE)
    expect(page()).not.toContain('http-equiv="refresh"')
    expect(page()).toMatch(PROVE)
    expect(page()).toContain(`<form method="post" action="/api/v1/targets/${proofView.targetId}/prove" class="prove"`)
    expect(page(proofView, { ...frame, mayWrite: false })).not.toMatch(PROVE)
  })

  test('of a removed target it offers no other, and leads to no page that is gone', () => {
    const html = page({ ...proofView, targetRemovedAt: NOW })
    expect(html).toContain(`${proofView.target} (removed)`)
    expect(html).not.toMatch(/href="\/targets\/tgt_/)
    expect(html).not.toMatch(PROVE)
  })

  test('says that it was stopped, and which issue a green one closed', () => {
    const stopped = { ...proofView, failure: { code: 'stopped' as const, detail: '' } }
    expect(page(stopped)).toContain('It was stopped before it ended.')
    expect(page(stopped)).toContain('The proof was stopped')
    const rows = proofView.result.rows.map((row) => ({ ...row, verdict: 'incomplete' as const }))
    expect(page({ ...stopped, result: { ...proofView.result, rows } })).toContain('<h2>What was not looked at</h2>')
    const proof = {
      ...{ ...proofView.result, verdict: null, id: proofView.id, createdAt: 0, finishedAt: NOW },
      ...{ hasStimulus: true, endpoints: 2, rows: rows.map((row) => ({ ...row, passed: 0, cells: row.cells.length })) },
    }
    const part = String(<ProofPart report={{ proof, provedAt: null, outdatedBy: [] }} />)
    expect(part).toContain('<h3>What was not looked at</h3>')
    expect(part).not.toContain('still fails')
    const [line] = targetView.proofs
    if (!line) throw new Error('no proof')
    const target = {
      ...targetView,
      proofs: [{ ...line, state: 'failed' as const, verdict: null, failure: 'stopped' as const }],
    }
    expect(String(<TargetPage frame={frame} target={target} />)).toMatch(
      /<\/span> stopped<[\s\S]*It was stopped before it ended\./,
    )
    const green = {
      ...proofView,
      result: { ...proofView.result, verdict: 'proved' as const, failing: [], closes: [issueView.id] },
    }
    expect(page(green)).toContain('is closed: the fix is proved')
  })
})

test('the issue and the target offer the proof, and a target says which range its allowlist predates', () => {
  const issue = String(
    <IssuePage frame={frame} allowlist={null} ask={listAsk} issue={{ ...issueView, lastProofId: proofView.id }} />,
  )
  expect(issue).toContain('Prove the allowlist')
  expect(issue).toContain(`href="/proofs/${proofView.id}"`)
  const closed = { ...issueView, state: 'closed' as const, closedAt: 1, closedBy: proofView.id }
  expect(String(<IssuePage frame={frame} allowlist={null} ask={listAsk} issue={closed} />)).toContain(
    'a proof with the stimulus from every address',
  )
  expect(
    String(<IssuePage frame={frame} allowlist={null} ask={listAsk} issue={{ ...issueView, finding: 'incomplete' }} />),
  ).not.toContain('Prove the allowlist')

  const target = String(<TargetPage frame={frame} target={targetView} />)
  expect(target).toContain('Your allowlist predates <code>198.51.100.64/28</code>: lon-1 will scan from there from')
  expect(target).toContain('Prove the allowlist')
  expect(target).toContain(`href="/proofs/${proofView.id}"`)
  const fresh = { ...targetView, provedAt: null, outdatedBy: [], proofs: [], sites: [] }
  const html = String(<TargetPage frame={frame} target={fresh} />)
  expect(html).not.toContain('allowlist outdated')
  expect(html).not.toMatch(PROVE)
})
