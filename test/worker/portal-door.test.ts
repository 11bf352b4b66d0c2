/** The portal within the whole Worker: paths that lead nowhere, pages for everyone, and forms that post to the API. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { IssueAnswer, ScanAnswer, TargetAnswer } from '../../schema/api.ts'
import { openFleet } from './support/probes.ts'
import { KEY, openStage, type Stage } from './support/stage.ts'

const ORIGIN = 'http://portwitness.test'
const FORM = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }

type Asked = Record<string, string>

let stage: Stage
let cookie: string
beforeAll(async () => {
  stage = await openStage()
  cookie = await signIn(KEY)
})

async function signIn(key: string): Promise<string> {
  const answer = await stage.fetch('/signin', { method: 'POST', headers: FORM, body: new URLSearchParams({ key }) })
  return answer.headers.get('set-cookie')?.split(';')[0] ?? ''
}
const press = (path: string, headers: Record<string, string> = {}) =>
  stage.fetch(path, { method: 'POST', headers: { ...FORM, cookie, ...headers } })

describe('a path that leads nowhere', () => {
  const asked = (path: string, headers: Asked) => stage.fetch(path, { headers })

  test('is a page for people, with the menu of whoever is signed in', async () => {
    const accept = 'text/html,application/xhtml+xml,*/*;q=0.8'
    const wanted: [Asked, string][] = [
      [{ accept }, 'href="/signin"'],
      [{ accept, cookie }, 'Sign out'],
    ]
    for (const [headers, words] of wanted) {
      const answer = await asked('/nosuch', headers)
      expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8'])
      const html = await answer.text()
      expect(html).toContain('There is no page at this address.')
      expect(html).toContain(words)
    }
  })

  test('stays a problem for programs, and so does what the API does not have', async () => {
    const wanted: [string, Asked][] = [
      ['/nosuch', {}],
      ['/nosuch', { accept: '*/*' }],
      ['/api/v1/issues/iss_none', { cookie, accept: 'text/html' }],
    ]
    for (const [path, headers] of wanted) {
      const answer = await asked(path, headers)
      expect([path, answer.status, answer.headers.get('content-type')]).toEqual([path, 404, 'application/problem+json'])
      await answer.text()
    }
  })
})

test('pages for everyone know who is signed in, and a worthless cookie is a stranger’s', async () => {
  for (const path of ['/ranges', '/rules']) {
    const read = async (headers: Asked) => (await stage.fetch(path, { headers })).text()
    expect(await read({ cookie })).toContain('Sign out')
    expect(await read({ cookie })).toContain('href="/targets"')
    for (const headers of [{}, { cookie: `${cookie}0` }] as Asked[]) {
      expect(await read(headers)).toContain('href="/signin"')
      expect(await read(headers)).not.toContain('Sign out')
    }
  }
})

describe('the retest button', () => {
  const issueId = 'iss_0123456789abcdefghij'
  const path = `/api/v1/issues/${issueId}/retest`
  beforeAll(async () => {
    const probes = await openFleet(stage)
    for (const probe of probes) await probe.lease({ capacity: { scan: 0, short: 0, baseline: 0 } })
    const { body: target } = await stage.api<TargetAnswer>('POST', '/targets', { address: '127.0.22.1', ports: '22' })
    const { body: scan } = await stage.api<ScanAnswer>('POST', '/scans', { targetId: target.id, site: 'fra-1' })
    await stage.api('POST', `/scans/${scan.id}/cancel`, {})
    await stage.env.DB.prepare(
      "INSERT INTO issues (tenant_id, id, target_id, finding, state, title, opened_at, restated_at, last_scan_id) VALUES ('ten_default', ?, ?, 'interference', 'open', 't', 1, 1, ?)",
    )
      .bind(issueId, target.id, scan.id)
      .run()
  })

  test('on the page of an open issue opens a scan, and leads to it', async () => {
    const page = await (await stage.fetch(`/issues/${issueId}`, { headers: { cookie } })).text()
    expect(page).toContain(`<form method="post" action="${path}">`)
    const answer = await press(path)
    expect(answer.status).toBe(303)
    const place = answer.headers.get('location') ?? ''
    expect(place).toMatch(/^\/scans\/scn_\w{20}$/)
    const shown = await stage.fetch(place, { headers: { cookie } })
    expect([shown.status, await shown.text()]).toEqual([200, expect.stringContaining(`href="/issues/${issueId}"`)])

    const again = await press(path)
    expect([again.status, again.headers.get('content-type')]).toEqual([409, 'text/html; charset=utf-8'])
    expect(await again.text()).toContain('A scan of this target from this site is running or waiting.')
    await stage.api('POST', `/scans/${place.slice('/scans/'.length)}/cancel`, {})
  })

  test('cannot be pressed from another site, without a session, or by a key that only reads', async () => {
    const before = await stage.count('scans')
    const foreign: Asked[] = [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': '', origin: 'https://elsewhere.example' },
    ]
    for (const headers of foreign) {
      const answer = await press(path, headers)
      expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('did not come from our own')])
    }
    const stranger = await press(path, { cookie: '' })
    expect([stranger.status, await stranger.text()]).toEqual([401, expect.stringContaining('nothing was saved')])

    const { body: key } = await stage.api<{ key: string }>('POST', '/keys', { name: 'reader', scope: 'read' })
    const reader = await signIn(key.key)
    const page = await (await stage.fetch(`/issues/${issueId}`, { headers: { cookie: reader } })).text()
    expect(page).toContain(`POST ${path}`)
    expect(page).not.toContain('Retest now')
    const refused = await press(path, { cookie: reader })
    expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining('Not allowed')])
    expect(await stage.count('scans')).toBe(before)
  })

  test('leaves the API as it was for programs, whose own page needs no Sec-Fetch header', async () => {
    const { status, body } = await stage.api<ScanAnswer>('POST', `/issues/${issueId}/retest`, {})
    expect([status, body.id]).toEqual([202, expect.stringMatching(/^scn_/)])
    await stage.api('POST', `/scans/${body.id}/cancel`, {})
    const plain = await press(path, { 'sec-fetch-site': '', origin: ORIGIN })
    expect(plain.status).toBe(303)
    await stage.api('POST', `/scans/${(plain.headers.get('location') ?? '').slice('/scans/'.length)}/cancel`, {})
    const { body: issue } = await stage.api<IssueAnswer>('GET', `/issues/${issueId}`)
    expect(issue.state).toBe('open')
  })
})

describe('the button that proves the allowlist', () => {
  let targetId: string
  const path = () => `/api/v1/targets/${targetId}/prove`
  const tick = (body: Record<string, string>, headers: Asked = {}) =>
    stage.fetch(path(), { method: 'POST', headers: { ...FORM, cookie, ...headers }, body: new URLSearchParams(body) })
  beforeAll(async () => {
    const { body: target } = await stage.api<TargetAnswer>('POST', '/targets', { address: '127.0.22.2', ports: '80' })
    targetId = target.id
    const ports = [{ address: '127.0.22.2', port: 80, check: 'http', service: 'http', verdict: 'open' }]
    const known = JSON.stringify({ 'fra-1': { at: 1, scanId: 'scn_0123456789abcdefghij', ports } })
    await stage.env.DB.prepare('UPDATE targets SET last_known = ? WHERE id = ?').bind(known, targetId).run()
  })

  test('opens a proof with the stimulus only where it was ticked, and leads to its page', async () => {
    const page = await (await stage.fetch(`/targets/${targetId}`, { headers: { cookie } })).text()
    expect(page).toContain(`action="${path()}"`)
    expect(page).not.toContain('checked')
    for (const [body, says] of [
      [{}, 'none was repeated'],
      [{ stimulus: 'yes' }, 'that of the standard profile'],
    ] as const) {
      const answer = await tick(body)
      expect(answer.status).toBe(303)
      const place = answer.headers.get('location') ?? ''
      expect(place).toMatch(/^\/proofs\/prf_\w{20}$/)
      const shown = await stage.fetch(place, { headers: { cookie } })
      expect([shown.status, await shown.text()]).toEqual([200, expect.stringContaining(says)])
      const again = await tick(body)
      expect([again.status, await again.text()]).toEqual([
        409,
        expect.stringContaining('A proof of this target is under way.'),
      ])
      await stage.api('POST', `/proofs/${place.slice('/proofs/'.length)}/cancel`, {})
      const over = await stage.fetch(place, { headers: { cookie } })
      expect(await over.text()).toContain('It was stopped before it ended.')
    }
    expect((await stage.fetch('/proofs/prf_none', { headers: { cookie } })).status).toBe(404)
  })

  test('cannot be pressed from another site, without a session, or with a form too long', async () => {
    const before = await stage.count('scans')
    expect((await tick({}, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await tick({}, { cookie: '' })).status).toBe(401)
    expect((await tick({ stimulus: 'y'.repeat(20_000) })).status).toBe(413)
    expect(await stage.count('scans')).toBe(before)
  })
})

test('the page of channels says where each leads and how it is, and no secret', async () => {
  const page = async () => (await stage.fetch('/channels', { headers: { cookie } })).text()
  expect(await page()).toContain('Nobody is told yet.')
  const url = 'https://hooks.slack.com/services/T000/B000/abcdefghSECRET'
  await stage.api('POST', '/channels', { kind: 'slack', name: '<b>Team</b>', url })
  const html = await page()
  expect(html).toContain('&lt;b&gt;Team&lt;/b&gt;')
  expect(html).toContain('https://hooks.slack.com/…CRET')
  expect(html).not.toContain('abcdefgh')
  expect((await stage.fetch('/channels')).status).toBe(303)
})
