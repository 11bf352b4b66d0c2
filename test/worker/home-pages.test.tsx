/** The overview, the pages of targets and the badge, within the whole Worker. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { TargetAnswer } from '../../schema/api.ts'
import type { BadgeAnswer } from '../../schema/badge.ts'
import { filledIn, formOn } from '../support/forms.ts'
import { HOSTILE } from '../support/pages.ts'
import { KEY, openStage, type Stage } from './support/stage.ts'

const FORM = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }

let stage: Stage
let cookie: string
beforeAll(async () => {
  stage = await openStage()
  const answer = await stage.fetch('/signin', {
    method: 'POST',
    headers: FORM,
    body: new URLSearchParams({ key: KEY }),
  })
  cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
})

const page = async (path: string) => {
  const answer = await stage.fetch(path, { headers: { cookie } })
  return { status: answer.status, html: await answer.text(), headers: answer.headers }
}
const post = async (path: string, fields: Record<string, string> = {}) => {
  const answer = await stage.fetch(path, {
    method: 'POST',
    headers: { ...FORM, cookie },
    body: new URLSearchParams(fields),
  })
  return { status: answer.status, to: answer.headers.get('location') ?? '', html: await answer.text() }
}
/** The form of a target, as it stands on a page. */
const fill = async (path: string, typed: Record<string, string>) => {
  const form = formOn((await page(path)).html, 'target')
  return post(form.action, Object.fromEntries(new URLSearchParams(filledIn(form, typed))))
}
const addTarget = async (body: Record<string, unknown>) =>
  (await stage.api<TargetAnswer>('POST', '/targets', body)).body
const run = (sql: string, ...values: unknown[]) =>
  stage.env.DB.prepare(sql)
    .bind(...values)
    .run()

let nth = 0
/** A scan that ended so many minutes ago, and the target's last. */
async function ended(
  targetId: string,
  minutes: number,
  judgement: { verdict: string; coverage: unknown; ports?: unknown[] },
) {
  const id = `scn_${String(++nth).padStart(20, '0')}`
  const at = stage.now() - minutes * 60_000
  await run(
    `INSERT INTO scans (tenant_id, id, target_id, site, due_key, state, profile, addresses, networks, ports, ports_asked, max_connects_per_second,
      scanner_probe_id, panel, created_at, due_at, finished_at, deadline_at, alarms, judgement, verdict, coverage_share)
      VALUES ('ten_default', ?, ?, 'fra-1', '', 'finished', 'standard', '[]', '[]', '22', 1, 1, 'prb_x', '[]', ?, 1, ?, 3, '[]', ?, ?, ?)`,
    ...[
      id,
      targetId,
      at - 1_000,
      at,
      JSON.stringify({ ports: [], rules: '1', judgedAt: at, ...judgement }),
      judgement.verdict,
    ],
    (judgement.coverage as { share: number }).share,
  )
  await run('UPDATE targets SET last_scan_id = ?, last_scanned_at = ? WHERE id = ?', id, at, targetId)
  return id
}
const covered = (share: number, statement: string) => ({
  share,
  statement,
  portsAsked: 1,
  portsTested: 1,
  untested: '',
})
const issue = (id: string, targetId: string, title: string, finding = 'interference') =>
  run(
    "INSERT INTO issues (tenant_id, id, target_id, finding, state, title, opened_at, restated_at, last_scan_id) VALUES ('ten_default', ?, ?, ?, 'open', ?, ?, ?, 'scn_x')",
    ...[id, targetId, finding, title, stage.now() - 7_200_000, stage.now()],
  )

/** Drizzle’s and D1’s queries of one page. */
const queriesOf = async (path: string): Promise<number> => {
  stage.queries()
  const { status } = await page(path)
  expect(status).toBe(200)
  return stage.queries()
}

describe('the first page', () => {
  test('of a new installation says where to begin', async () => {
    const { html } = await page('/')
    expect(html).toContain('There is no probe yet, so nothing can be scanned')
    expect(html).toContain('href="/targets/new"')
  })

  test('says what needs attention, draws each scan with its share, and lists the latest', async () => {
    const target = await addTarget({ address: '127.0.44.1', name: 'Shop <b>', ports: '22' })
    const lost = await ended(target.id, 30, { verdict: 'interference', coverage: covered(0.93, 'Port 22 was lost.') })
    await ended(target.id, 10, { verdict: 'clear', coverage: covered(1, 'All ports were reachable throughout.') })
    await issue('iss_home0000000000000001', target.id, 'Shop: interfered with on port 22')
    await run(
      "INSERT INTO channels (tenant_id, id, kind, name, key_id, sealed, hint, filters, state, state_reason, state_at, created_at, tokens, tokens_at) VALUES ('ten_default', 'chn_1', 'slack', 'On-call', 'k1', 'x', '{}', '{}', 'off', 'The platform said it is gone.', 1, 1, 1, 1)",
    )
    await run(`UPDATE targets SET outdated_by = '[{"cidr":"198.51.100.64/28"}]' WHERE id = ?`, target.id)
    const { html } = await page('/')
    for (const words of [
      'Shop: interfered with on port 22',
      'Open for 2 h',
      'The channel On-call is switched off',
      'The platform said it is gone.',
      'The allowlist of Shop &lt;b&gt; is older than our addresses',
      `<a href="/scans/${lost}"><title>Shop &lt;b&gt;: interference, 93 % tested`,
      'Port 22 was lost.',
    ])
      expect(html).toContain(words)
    expect(html).not.toContain('all is well')
    expect(await queriesOf('/')).toBeLessThanOrEqual(5)
  })

  test('draws the days of its scans, and no retest among them: that looked at three ports, not at the whole', async () => {
    const target = await addTarget({ address: '127.0.44.2', name: 'Ledger', ports: '22' })
    const whole = await ended(target.id, 9, { verdict: 'clear', coverage: covered(1, 'All was reached.') })
    const retest = await ended(target.id, 5, { verdict: 'clear', coverage: covered(1, 'All was reached.') })
    await run("UPDATE scans SET retest_of = 'iss_home0000000000000002' WHERE id = ?", retest)
    const { html } = await page('/')
    expect(html).toContain(`<a href="/scans/${whole}"><title>Ledger`)
    expect(html).not.toContain(`<a href="/scans/${retest}"><title>`)
    expect(html).toMatch(new RegExp(`href="/scans/${retest}".*?· standard\\s*· retest`, 's'))
    expect(html).toMatch(/<text class="axis"[^>]*>\d{1,2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)</)
    const scans = (await page('/scans')).html
    expect(scans.slice(scans.indexOf(retest), scans.indexOf(whole))).toContain('retest</span>')
  })

  test('counts no issue of a target that was removed, here and beside its name, and says what is snoozed', async () => {
    const [kept, gone] = await Promise.all(['127.0.44.12', '127.0.44.13'].map((address) => addTarget({ address })))
    await issue('iss_home0000000000000002', kept?.id ?? '', 'Still there')
    await issue('iss_home0000000000000003', gone?.id ?? '', 'Removed soon')
    await issue('iss_home0000000000000004', gone?.id ?? '', 'Removed soon, too', 'incomplete')
    const open = async () => {
      const { html } = await page('/')
      const beside = /class="tally">(\d+)</.exec(html)?.[1]
      return { html, counts: [beside, /Open issues<\/dt>\s*<dd>(\d+)</.exec(html)?.[1]].map(Number) }
    }
    expect((await open()).counts).toEqual([4, 4])
    const scan = await ended(gone?.id ?? '', 5, { verdict: 'interference', coverage: covered(0.9, 'x') })
    expect((await post(`/api/v1/targets/${gone?.id}?method=DELETE`)).status).toBe(303)
    const { html, counts } = await open()
    expect(counts).toEqual([2, 2])
    expect(html).toContain('Still there')
    expect(html).not.toContain('Removed soon')
    expect((await page('/issues')).html).toMatch(/Removed soon<\/a><span class="dim"> its target is removed/)
    for (const path of ['/issues/iss_home0000000000000003', `/scans/${scan}`]) {
      expect((await page(path)).html).toMatch(/127\.0\.44\.13 \(removed\)/)
      expect((await page(path)).html).not.toContain(`/targets/${gone?.id}`)
    }
    await run("UPDATE issues SET state = 'snoozed', snoozed_until = 9e15 WHERE id LIKE 'iss_home%' AND title <> 'x'")
    expect((await open()).html).toMatch(/<a href="\/issues\?state=snoozed">2 issues are snoozed<\/a>/)
    expect(await queriesOf('/')).toBeLessThanOrEqual(5)
    await run("DELETE FROM issues WHERE id LIKE 'iss_home%'")
  })

  test('tells of control that is not proved, but not of what a letter covers or needs none', async () => {
    const [bare, lettered, own] = await Promise.all(
      ['8.8.4.4', '9.9.9.9', '10.1.2.3'].map((address) => addTarget({ address })),
    )
    for (const target of [bare, lettered, own])
      await run(
        "INSERT INTO controls (tenant_id, subject, token, method, port, target_id, created_at) VALUES ('ten_default', ?, 't', 'http', 80, ?, 1)",
        ...[target?.address, target?.id],
      )
    await run(
      "INSERT INTO letters (tenant_id, id, cidr, signed_by, signed_at, expires_at, sha256, entered_by, created_at) VALUES ('ten_default', 'ltr_1', '9.9.9.0/24', 'x', 1, ?, 'x', 'x', 1)",
      stage.now() + 86_400_000,
    )
    const { html } = await page('/')
    expect(html).toContain('Control of 8.8.4.4 is not proved')
    expect(html).not.toContain('Control of 9.9.9.9')
    expect(html).not.toContain('Control of 10.1.2.3')
    const shown = async (state: string) => (await page(`/targets?control=${state}`)).html
    expect(await shown('unproved')).toContain('>8.8.4.4<')
    expect(await shown('unproved')).not.toMatch(/>(9\.9\.9\.9|10\.1\.2\.3)</)
    expect(await shown('proved')).toContain('>9.9.9.9<')
    expect(await shown('not_needed')).toContain('>10.1.2.3<')
  })
})

describe('the first page, where there is more than it shows', () => {
  const scan = (n: number, state: string, minutes: number) => {
    const at = stage.now() - minutes * 60_000
    return run(
      `INSERT INTO scans (tenant_id, id, target_id, site, lane, due_key, state, profile, addresses, networks, ports, ports_asked, max_connects_per_second,
        scanner_probe_id, panel, created_at, due_at, finished_at, deadline_at, alarms)
        VALUES ('ten_default', ?, ?, 'fra-1', ?, '', ?, 'standard', '[]', '[]', '22', 1, 1, '', '[]', ?, 1, ?, 3, '[]')`,
      ...[
        `scn_more${String(n).padStart(16, '0')}`,
        `tgt_more${n}`,
        `l${n}`,
        state,
        at,
        state === 'running' ? null : at,
      ],
    )
  }

  test('counts scans that run, and names those that failed, older than all that it draws', async () => {
    await scan(1, 'running', 300)
    for (let n = 2; n < 8; n++) await scan(n, 'failed', 200)
    for (let n = 8; n < 80; n++) await scan(n, 'finished', 100)
    const { html } = await page('/')
    expect(html).toMatch(/Scans under way<\/dt>\s*<dd>1<\/dd>/)
    expect(html).toContain('data-fresh="5"')
    expect(html).toContain('could not be carried out')
    expect(html).toContain('and 2 more in the last day')
    await run("DELETE FROM scans WHERE id LIKE 'scn_more%'")
  })

  test('tells of a public target whose owner chose no way to prove it, and leads to the list that shows the rest', async () => {
    const bare = await addTarget({ address: '1.0.0.1' })
    expect((await page('/')).html).toContain('Control of 1.0.0.1 is not proved')
    await run('UPDATE targets SET deleted_at = 1 WHERE id = ?', bare.id)
    const targets = await Promise.all(['1', '2', '3', '4', '5', '6'].map((n) => addTarget({ address: `9.1.1.${n}` })))
    for (const target of targets)
      await run(
        "INSERT INTO controls (tenant_id, subject, token, method, port, target_id, created_at, proved_at, expires_at) VALUES ('ten_default', ?, 't', 'http', 80, ?, 1, 1, 2)",
        ...[target.address, target.id],
      )
    await run(`UPDATE targets SET outdated_by = '[{"cidr":"198.51.100.64/28"}]' WHERE address LIKE '9.1.1.%'`)
    const { html } = await page('/')
    expect(html).toContain('The proof of control of 9.1.1.1 has lapsed')
    for (const [href, pattern, listed] of [
      ['/targets?control=lapsed', />9\.1\.1\.\d</g, 6],
      ['/targets?allowlist=outdated', />(9\.1\.1\.\d|Shop &lt;b&gt;)</g, 7],
    ] as const) {
      const more = new RegExp(`href="${href.replace('?', '\\?')}"(?:(?!</a>)[^])*and (\\d+) more like it`).exec(
        html,
      )?.[1]
      expect([href, Number(more) + 4]).toEqual([href, listed])
      expect([href, (await page(href)).html.match(pattern)?.length]).toEqual([href, listed])
    }
    expect(await queriesOf('/')).toBeLessThanOrEqual(5)
    await run("UPDATE targets SET deleted_at = 1 WHERE address LIKE '9.1.1.%'")
  })
})

describe('the switch of themes', () => {
  test('leads back to the list as it was asked for, and never elsewhere', async () => {
    const { html } = await page('/targets?q=zone+07&tag=a%26b&done=saved')
    const back = /name="back" value="([^"]*)"/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? ''
    expect(back).toBe('/targets?q=zone+07&tag=a%26b')
    expect((await post('/theme', { theme: 'dark', back })).to).toBe(back)
    for (const elsewhere of [
      '//evil.example/?a=b',
      'https://evil.example/',
      '/\\evil.example',
      '/a?b=\\',
      '/?a#b',
      '/a?b\r\nc',
    ])
      expect([elsewhere, (await post('/theme', { theme: 'dark', back: elsewhere })).to]).toEqual([elsewhere, '/'])
  })
})

test('the settings say which theme is set', async () => {
  const settings = async (theme: string) =>
    (await (await stage.fetch('/settings', { headers: { cookie: `${cookie}${theme}` } })).text()).replace(/\s+/g, ' ')
  expect(await settings('')).toContain('follows your system; the switch')
  for (const theme of ['dark', 'light'])
    expect(await settings(`; portwitness_theme=${theme}`)).toContain(`${theme}, whatever your system has; the switch`)
})

describe('the list of targets', () => {
  beforeAll(async () => {
    for (let i = 0; i < 60; i++)
      await run(
        `INSERT INTO targets (tenant_id, id, address, name, ports, schedule, timezone, sites, profile, max_connects_per_second, anchors, tags, created_at, scanners, last_known, last_scanned_at)
          VALUES ('ten_default', ?, ?, ?, '22', ?, 'UTC', '[]', 'standard', 1, '[]', ?, 1, '{}', '{}', ?)`,
        ...[`tgt_list${String(i).padStart(16, '0')}`, `10.9.0.${i}`, `Zone ${String(i % 30).padStart(2, '0')}`],
        ...[i % 2 ? '0 3 * * 1' : null, i % 3 ? '[]' : '["pci"]', i + 1],
      )
    await issue('iss_list0000000000000001', 'tgt_list0000000000000007', 'x')
  })
  const names = (html: string) => [...html.matchAll(/href="\/targets\/(tgt_list\d+)"/g)].map(([, id]) => id)

  test.each([
    ['name', ''],
    ['-name', ''],
    ['last', ''],
    ['-last', ''],
    ['-issues', ''],
    ['', '&schedule=yes'],
  ])('sorted by "%s"%s is paged through without a gap and without a repeat', async (sort, filter) => {
    const seen: (string | undefined)[] = []
    let path: string | undefined = `/targets?q=zone&sort=${sort}${filter}`
    for (let pages = 0; path !== undefined && pages < 5; pages++) {
      const { html } = await page(path)
      seen.push(...names(html))
      path = /href="([^"]+)" rel="next"/.exec(html)?.[1]?.replaceAll('&amp;', '&')
    }
    expect(seen).toHaveLength(filter === '' ? 60 : 30)
    expect(new Set(seen).size).toBe(seen.length)
    if (sort === 'last') expect(seen[0]).toBe('tgt_list0000000000000000')
    if (sort === '-last') expect(seen[0]).toBe('tgt_list0000000000000059')
    if (sort === '-issues') expect(seen[0]).toBe('tgt_list0000000000000007')
  })

  test('is found by name, address and tag, and filtered by what is open', async () => {
    const found = async (query: string) => names((await page(`/targets?${query}`)).html)
    expect(await found('q=10.9.0.33')).toEqual(['tgt_list0000000000000033'])
    expect(await found('q=ZONE+05')).toHaveLength(2)
    expect(await found('q=pci')).toHaveLength(20)
    expect(await found('tag=pci&schedule=no')).toHaveLength(10)
    expect(await found('q=zone&issues=open')).toEqual(['tgt_list0000000000000007'])
    expect(await found('q=%25')).toEqual([])
    expect(await queriesOf('/targets?q=zone&sort=-last')).toBeLessThanOrEqual(5)
    expect((await page('/targets?sort=ports')).status).toBe(422)
  })

  test('leaves as a file with every row', async () => {
    const { html, headers } = await page('/targets?q=zone&format=csv')
    expect(headers.get('content-type')).toContain('text/csv')
    expect(html.trim().split('\r\n')).toHaveLength(61)
    const lines = (await page('/targets?q=zone+07&format=jsonl')).html.trim().split('\n')
    expect(lines.map((line) => JSON.parse(line).openIssues).sort()).toEqual([0, 1])
  })

  test('goes on where what it looked through holds nothing that fits, on the page and in files', async () => {
    // A letter covers them, which only the rules can tell: the database takes each for one that may be unproved.
    await run(
      `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1199)
        INSERT INTO targets (tenant_id, id, address, name, ports, timezone, sites, profile, max_connects_per_second, anchors, tags, created_at, scanners, last_known)
        SELECT 'ten_default', printf('tgt_far%017d', i), '9.9.9.' || (i % 200), printf('Far %05d', i), '22', 'UTC', '[]', 'standard', 1, '[]', '[]', 1, '{}', '{}' FROM n`,
    )
    await addTarget({ address: '8.8.8.8', name: 'Far off' })
    let path: string | undefined = '/targets?q=far&control=unproved'
    for (let pages = 0; path !== undefined && pages < 10; pages++) {
      const { html } = await page(path)
      path = /href="([^"]+)" rel="next"/.exec(html)?.[1]?.replaceAll('&amp;', '&')
      if (path === undefined) expect(html).toContain('>8.8.8.8<')
      else expect(html).toMatch(/None among those looked through[\s\S]*Look on/)
      expect(html).not.toContain('Nothing fits.')
    }
    expect((await page('/targets?q=far&control=unproved&format=csv')).html).toMatch(/\r\n[^\r]*8\.8\.8\.8[^\r]*\r\n$/)
    expect(JSON.parse((await page('/targets?q=far&control=unproved&format=jsonl')).html)).toMatchObject({
      address: '8.8.8.8',
    })
  })
})

describe('the form of a target', () => {
  test('adds one, with what was left open as the API takes it', async () => {
    expect((await page('/targets/new')).html).toContain('every Monday at 02:30')
    const { status, to } = await post('/api/v1/targets', {
      ...{ address: '10.77.0.1', name: 'Printer', ports: '', profile: 'assertive', schedule: '0 3 * * *' },
      ...{ timezone: '', sites: 'fra-1, nyc-1', tags: 'office , third floor', maxConnectsPerSecond: '120' },
    })
    expect(status).toBe(303)
    expect(to).toMatch(/^\/targets\/tgt_\w+\?done=added$/)
    const { html } = await page(to)
    for (const words of ['Added.', 'Printer', 'top-1000', 'Every day at 03:00', 'third floor', 'Scan now'])
      expect(html).toContain(words)
  })

  test('says beside the field what is wrong, and keeps what was typed', async () => {
    const { status, html } = await fill('/targets/new', {
      ...{ address: HOSTILE, name: 'Kept', ports: '22,99999', schedule: 'now', maxConnectsPerSecond: 'many' },
    })
    expect(status).toBe(422)
    expect(html).toContain('must be an IP address in plain notation or a host name')
    expect(html).toContain('value="Kept"')
    expect(html).toContain('value="22,99999"')
    expect(html).not.toContain('<script>alert')
    expect(html.match(/aria-invalid/g)?.length).toBeGreaterThanOrEqual(3)
    expect((await fill('/targets/new', { address: '10.0.0.1', schedule: '1 2 3' })).html).toContain(
      'must have five fields, has 3',
    )
  })

  test('changes one and removes one', async () => {
    const target = await addTarget({ address: '10.77.0.2', name: 'Old', tags: ['a'] })
    const form = (await page(`/targets/${target.id}/edit`)).html
    expect(form).toContain('value="Old"')
    expect(form).toContain(`<a href="/targets/${target.id}">Cancel</a>`)
    const changed = await post(`/api/v1/targets/${target.id}?method=PATCH`, {
      name: 'New',
      tags: '',
      schedule: '@daily',
    })
    expect(changed.to).toBe(`/targets/${target.id}?done=saved`)
    const { html } = await page(changed.to)
    for (const words of ['Saved.', 'New', 'Every day at 00:00']) expect(html).toContain(words)
    expect(html).not.toContain('tag=a"')
    const bad = await fill(`/targets/${target.id}/edit`, { timezone: 'Mars/Base' })
    expect([bad.status, bad.html.includes('not a time zone name')]).toEqual([422, true])
    expect((await post(`/api/v1/targets/${target.id}?method=DELETE`)).to).toBe('/targets?done=removed')
    expect((await page(`/targets/${target.id}`)).status).toBe(404)
  })

  test('is not for a key that may only read', async () => {
    const { body: key } = await stage.api<{ key: string }>('POST', '/keys', { name: 'r', scope: 'read' })
    const own = await stage.fetch('/signin', {
      method: 'POST',
      headers: FORM,
      body: new URLSearchParams({ key: key.key }),
    })
    const reader = { cookie: own.headers.get('set-cookie')?.split(';')[0] ?? '' }
    const read = async (path: string) => (await stage.fetch(path, { headers: reader })).text()
    const target = await addTarget({ address: '10.77.0.3' })
    expect(await read('/targets')).not.toContain('Add a target')
    const html = await read(`/targets/${target.id}`)
    expect(html).not.toMatch(/<button[^>]*>\s*(Scan now|Check now|Switch the badge on)/)
    const answer = await stage.fetch(`/api/v1/targets/${target.id}/badge`, {
      method: 'POST',
      headers: { ...FORM, ...reader },
    })
    expect(answer.status).toBe(403)
    await answer.text()
  })
})

describe('the page of a target', () => {
  test('shows each port through its scans, what each site saw, and its shield, within its queries', async () => {
    const target = await addTarget({ address: '127.0.45.1', ports: '22,80' })
    const port = (number: number, verdict: string) => ({ address: '127.0.45.1', port: number, service: 'ssh', verdict })
    const first = await ended(target.id, 90, {
      ...{ verdict: 'interference', coverage: covered(0.5, 'x') },
      ports: [port(22, 'interfered'), port(80, 'open')],
    })
    await ended(target.id, 60, {
      verdict: 'clear',
      coverage: covered(1, 'x'),
      ports: [port(22, 'open'), port(80, 'open')],
    })
    const known = (verdict: string) => ({ at: 1, scanId: first, ports: [{ ...port(22, verdict), check: 'tcp' }] })
    await run(
      'UPDATE targets SET last_known = ?, waf = ? WHERE id = ?',
      ...[JSON.stringify({ 'fra-1': known('open'), 'sgp-1': known('blocked_before') })],
      ...[JSON.stringify({ vendor: 'Cloudflare', evidence: ['cf-ray header'] }), target.id],
    )
    await issue('iss_page0000000000000001', target.id, 'Interfered with on port 22')
    const { html } = await page(`/targets/${target.id}`)
    for (const words of [
      `<a href="/scans/${first}"><title>Port 22 interfered`,
      'One port is seen differently from different sites',
      'blocked before',
      'Behind Cloudflare',
      'does not mean that it blocks',
      'Interfered with on port 22',
      'Private addresses need no proof of control.',
    ])
      expect(html).toContain(words)
    expect(await queriesOf(`/targets/${target.id}`)).toBeLessThanOrEqual(5)
    const file = async (path: string) =>
      (await (await stage.fetch(path, { headers: { cookie } })).text()).split('\r\n').filter(Boolean)
    expect(await file(`/targets/${target.id}/ports?format=csv`)).toEqual([
      'address,port,service,site,verdict,scanId,at',
      `127.0.45.1,22,ssh,fra-1,open,${first},1970-01-01T00:00:00.001Z`,
      `127.0.45.1,22,ssh,sgp-1,blocked_before,${first},1970-01-01T00:00:00.001Z`,
    ])
    const history = await file(`/targets/${target.id}/history?format=csv`)
    expect(history[0]).toBe('address,port,service,scanId,endedAt,verdict')
    expect(history).toHaveLength(5)
    expect(history.find((line) => line.includes(first) && line.includes(',22,'))).toMatch(/,interfered$/)
    expect((await stage.fetch('/targets/tgt_none/history?format=csv', { headers: { cookie } })).status).toBe(404)
  })

  test('leads through the proof of control, step by step', async () => {
    const target = await addTarget({ address: '8.8.8.8' })
    expect((await page(`/targets/${target.id}`)).html).toContain('Prove control first')
    const chosen = await post(`/api/v1/targets/${target.id}/verification`, { method: 'http', port: '443' })
    expect(chosen.to).toBe(`/targets/${target.id}?done=chosen#control`)
    const { html } = await page(chosen.to.replace(/#.*/, ''))
    for (const words of [
      'https://8.8.8.8/.well-known/portwitness-verification.txt',
      'portwitness-verification=',
      'Check now',
    ])
      expect(html).toContain(words)
    expect(html).toMatch(/<li[^>]*>[^<]*serve a plain text file[^<]*<p class="token">/)
    const trouble = JSON.stringify({ code: 'not_reached', detail: 'Nothing answered on port 443.' })
    await run(`UPDATE controls SET problem = '${trouble}', checked_at = 1 WHERE subject = '8.8.8.8'`)
    await post(`/api/v1/targets/${target.id}/verification`, { method: 'http', port: '443' })
    expect((await page(`/targets/${target.id}`)).html).toContain('Nothing answered on port 443.')
    const named = await post(`/api/v1/targets/${target.id}/verification`, {
      method: 'reverse_dns',
      domain: 'example.net',
    })
    const asked = (await page(named.to.replace(/#.*/, ''))).html
    expect(asked).toContain('_portwitness-challenge.example.net')
    expect(asked).not.toMatch(/Nothing answered on port 443|, looked at/)
    expect(await queriesOf(`/targets/${target.id}`)).toBeLessThanOrEqual(5)
  })
})

test('a scan that was asked of any site is told with the site that it ran from, in every list', async () => {
  const target = await addTarget({ address: '127.0.45.9', name: 'Anywhere' })
  const id = await ended(target.id, 1, { verdict: 'clear', coverage: covered(1, 'All well.') })
  await run("UPDATE scans SET site = '', lane = 'sgp-7' WHERE id = ?", id)
  for (const path of ['/', '/scans?q=Anywhere', `/targets/${target.id}`]) {
    const { html } = await page(path)
    expect(html, path).toContain('sgp-7')
    expect(html, path).not.toContain('any site')
  }
})

describe('the badge', () => {
  const badge = (path: string, headers: Record<string, string> = {}) => stage.fetch(path, { headers })

  test('is seen by whoever knows its address while it is on, and names nobody', async () => {
    const target = await addTarget({ address: '127.0.46.1', name: 'Secret shop' })
    await ended(target.id, 5, { verdict: 'interference', coverage: covered(0.93, 'x') })
    expect((await stage.api<BadgeAnswer>('GET', `/targets/${target.id}/badge`)).body).toEqual({ on: false, path: null })
    expect((await post(`/api/v1/targets/${target.id}/badge`)).to).toBe(`/targets/${target.id}?done=badge#badge`)
    const { body } = await stage.api<BadgeAnswer>('POST', `/targets/${target.id}/badge`, {})
    expect(body.path).toMatch(/^\/badge\/tgt_\w+\.svg\?key=[0-9a-f]{40}$/)
    expect((await page(`/targets/${target.id}`)).html).toContain(`https://portwitness.test${body.path}`)
    const answer = await badge(body.path ?? '')
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/svg+xml'])
    expect(answer.headers.get('cache-control')).toBe('public, max-age=60')
    const svg = await answer.text()
    expect(svg).toContain('interference, 93 % tested, 2026-11-22')
    expect(svg).not.toMatch(/Secret|127\.0\.46|tgt_|<script|href=/)
    const again = await badge(body.path ?? '', { 'if-none-match': answer.headers.get('etag') ?? '' })
    expect(again.status).toBe(304)
  })

  test('is not there for whoever guesses, nor once it is off', async () => {
    const target = await addTarget({ address: '127.0.46.2' })
    const other = await addTarget({ address: '127.0.46.3' })
    const { body } = await stage.api<BadgeAnswer>('POST', `/targets/${target.id}/badge`, {})
    const key = body.path?.split('key=')[1]
    const statusOf = async (path: string) => {
      const answer = await badge(path)
      await answer.text()
      return answer.status
    }
    for (const path of [
      `/badge/${target.id}.svg`,
      `/badge/${target.id}.svg?key=${'0'.repeat(40)}`,
      `/badge/${other.id}.svg?key=${key}`,
      `/badge/${target.id}.svg?key=${key}0`,
      `/badge/${target.id}.svg?key='OR 1=1--`,
    ])
      expect([path, await statusOf(path)]).toEqual([path, 404])
    expect(await statusOf(body.path ?? '')).toBe(200)
    await post(`/api/v1/targets/${target.id}/badge?method=DELETE`)
    expect(await statusOf(body.path ?? '')).toBe(404)
    const { body: fresh } = await stage.api<BadgeAnswer>('POST', `/targets/${target.id}/badge`, {})
    expect(fresh.path).not.toBe(body.path)
    await stage.api('DELETE', `/targets/${target.id}`)
    expect(await statusOf(fresh.path ?? '')).toBe(404)
  })
})
