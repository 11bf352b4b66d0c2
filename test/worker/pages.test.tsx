import { describe, expect, test } from 'vitest'
import type { Judgement, PortVerdict } from '../../schema/judgement.ts'
import { CAUSE_CLASSES, MECHANISM_CLASS, MECHANISMS, SCAN_STATES, VERDICTS } from '../../schema/words.ts'
import { judgeScan } from '../../worker/core/judge.ts'
import { RULE_LIST } from '../../worker/core/rules.ts'
import { count, percent } from '../../worker/core/text.ts'
import style from '../../worker/portal/built/style.ts'
import { HEADERS } from '../../worker/portal/layout.tsx'
import { OverviewPage } from '../../worker/portal/overview.tsx'
import { Share } from '../../worker/portal/parts/badge.tsx'
import { alikeWords } from '../../worker/portal/parts/cause.ts'
import { Matrix, rowsOf } from '../../worker/portal/parts/matrix.tsx'
import { anchorOf } from '../../worker/portal/parts/port.tsx'
import { Strips } from '../../worker/portal/parts/strips.tsx'
import { ago, span, utc } from '../../worker/portal/parts/time.tsx'
import { drawingOf, Timeline } from '../../worker/portal/parts/timeline.tsx'
import { RulesPage } from '../../worker/portal/rules.tsx'
import { ScanPage } from '../../worker/portal/scan.tsx'
import { SignInPage } from '../../worker/portal/sign-in.tsx'
import { TargetPage } from '../../worker/portal/target.tsx'
import { TargetsPage } from '../../worker/portal/targets.tsx'
import { HTTP, T0, tell } from '../support/facts.ts'
import {
  bannedPort,
  frame,
  HOSTILE,
  mark,
  matters,
  NOW,
  openPort,
  probes,
  START,
  scanRow,
  scanView,
  targetRow,
  targetView,
  withoutOurScripts,
} from '../support/pages.ts'

const judgement = scanView.judgement as Judgement
const ask = { path: '/targets', q: '', sort: '', desc: false, filters: {}, cursor: '' }
const withPorts = (...ports: PortVerdict[]) => ({ ...scanView, judgement: { ...judgement, ports } })
const scanPage = (scan = scanView) => String(<ScanPage frame={frame} scan={scan} />)

describe('the scan page', () => {
  test('says what happened, why, how sure, what speaks against it, and what to do', () => {
    const html = scanPage()
    for (const words of [
      'Interference: shop.example.com',
      'Port 22 was lost after 41 s',
      'interfered, confirmed',
      'Only our scanning address lost it',
      'Ban on the source: fail2ban',
      '86 %',
      'It could also be a ban by an unidentified tool (9 %).',
      'The 86 % rests on how each usually behaves: from outside it can look the same as a ban by an unidentified tool.',
      'the ban line for 198.51.100.7',
      '4 of 4 others reached the port',
      'It came back after a minute; the default ban is ten.',
      'Add our ranges to ignoreip in jail.local.',
      'reachable for 53 s of the scan’s 2 min · lost after 41 s · likely after 53 s · confirmed after 1 min 15 s',
      '10 of 29 planned checks done while it was reachable',
      '51 of 70 planned checks done on the open ports while they were reachable',
      '988 of 1,000 ports tried',
      'Cloudflare',
    ])
      expect(html).toContain(words)
    expect(html).toContain(`href="/scans/${scanView.id}/output"`)
    expect(html).toContain('href="/rules#SEL-1"')
    expect(html).toContain('href="/issues/iss_0123456789abcdefghij"')
  })

  test('renews itself while the scan runs, shows its phase, and gives no verdict on the scan yet', () => {
    const running = { ...scanView, state: 'running' as const, phase: 'verify', finishedAt: null, outputBytes: null }
    const html = scanPage(running)
    expect(html).toContain('http-equiv="refresh"')
    expect(html).toMatch(/aria-current="step"[^>]*>verify/)
    expect(html).not.toContain('Interference:')
    expect(html).not.toContain('Raw scanner output')
    expect(scanPage()).not.toContain('http-equiv="refresh"')
  })

  test('ports that were lost to the same share one explanation, which says what is another in each', () => {
    const fix = (port: number, near: string) => ({
      title: 'Let our addresses through fail2ban',
      steps: [`Look for its Ban line near ${near}.`, 'Add our ranges to ignoreip.', `Scan port ${port} again.`],
      formats: [],
    })
    const other = { ...bannedPort, port: 25, service: 'smtp' as const, lostAt: (bannedPort.lostAt ?? 0) + 3_000 }
    const html = scanPage(
      withPorts(
        { ...bannedPort, remediation: fix(22, '14:02:41Z') },
        { ...other, remediation: fix(25, '14:02:44Z'), evidence: bannedPort.evidence.slice(0, 1) },
        { ...bannedPort, port: 80, verdict: 'service_down', cause: null, remediation: null },
      ),
    )
    const times = (text: string) => html.split(text).length - 1
    expect(times('<article')).toBe(2)
    for (const once of ['Let our addresses through fail2ban', 'Add our ranges to ignoreip.', 'Look for its Ban line'])
      expect([once, times(once)]).toEqual([once, 1])
    expect(html).toContain('Likewise for port 25 (lost 14:02:44Z).')
    expect(html).not.toContain('Scan port 25 again.')
    expect(html).toMatch(/<strong>Port 22: <\/strong>The sibling reached it/)
    for (const id of ['port-203-0-113-9-22', 'port-203-0-113-9-25']) expect(times(`id="${id}"`)).toBe(1)
  })

  test('a share says of what it is: of checks where some were planned, else of time', () => {
    const html = scanPage(
      withPorts({ ...openPort(22, 'ssh'), coverage: bannedPort.coverage }, openPort(9100, 'silent')),
    )
    expect(html).toMatch(/value="0\.34"[^>]*><\/meter> <span class="number">34 %<\/span>/)
    expect(html).toContain('10 of 29 planned checks done while it was reachable')
    expect(html).toContain('of the time it was watched; no checks were planned')
  })

  test('says why a port was not looked at in the end', () => {
    const blank = (service: 'ssh' | 'http') => withPorts({ ...openPort(1, service), recheck: null })
    expect(scanPage(blank('ssh'))).toContain('not looked at (its service counts touches)')
    expect(scanPage(blank('http'))).not.toContain('counts touches')
    expect(scanPage(blank('http'))).toContain('not looked at')
    expect(scanPage({ ...blank('ssh'), state: 'running', finishedAt: null })).toContain('not yet')
  })

  test('of a clear scan says when there was nothing that could be lost', () => {
    const clear = (...ports: PortVerdict[]) =>
      scanPage({ ...scanView, judgement: { ...judgement, verdict: 'clear', ports } })
    expect(clear()).toContain('No open port was found, so nothing could be lost.')
    expect(clear(openPort(80, 'http'))).toContain('Nothing stood in the way of this scan.')
  })

  test('each value stands beside the name of its column, for screens on which rows are stacked', () => {
    const html = scanPage()
    for (const name of ['Verdict', 'Re-check', 'Tested', 'Network']) expect(html).toContain(`<td data-name="${name}">`)
  })

  test('says why a scan failed', () => {
    const failure = { code: 'no_probe', detail: 'No probe of site fra-1 is online.' }
    const html = scanPage({ ...scanView, state: 'failed', judgement: null, failure })
    expect(html).toContain('No fit probe was there to scan it.')
    expect(html).toContain('No probe of site fra-1 is online.')
  })

  test.each(SCAN_STATES)('of a scan that is %s can be shown before anything is known', (state) => {
    const bare = {
      ...scanView,
      state,
      judgement: null,
      startedAt: null,
      finishedAt: null,
      panel: [],
      addresses: [],
      outputBytes: null,
    }
    expect(scanPage(bare)).toContain('shop.example.com')
  })

  test('every verdict, cause and mechanism has words', () => {
    const ports = [
      ...VERDICTS.map((verdict) => ({ ...bannedPort, verdict })),
      ...CAUSE_CLASSES.map((name) => ({ ...bannedPort, cause: { ...bannedPort.cause, class: name, mechanism: null } })),
      ...MECHANISMS.map((name) => ({
        ...bannedPort,
        cause: { ...bannedPort.cause, class: MECHANISM_CLASS[name], mechanism: name },
      })),
    ] as PortVerdict[]
    const html = scanPage(withPorts(...ports))
    expect(html).not.toMatch(/undefined|\[object|NaN/)
  })
})

test('the page of a scan names a removed target without a link to its page', () => {
  const html = scanPage({ ...scanView, targetRemovedAt: NOW })
  expect(html).toContain(`${scanView.target} (removed)`)
  expect(html).not.toContain(`href="/targets/`)
  expect(scanPage()).toContain(`href="/targets/${scanView.targetId}"`)
})

describe('the overview', () => {
  const overview = (more: Partial<Parameters<typeof OverviewPage>[0]> = {}) =>
    String(<OverviewPage {...{ frame, scans: [mark], running: 0, snoozed: 0, matters: [], probes: fit, ...more }} />)
  const fit = probes.map((probe) => ({ ...probe, state: 'fit' as const }))

  test('says that all is well only where nothing is snoozed either', () => {
    expect(overview()).toContain('all is well')
    const one = overview({ snoozed: 1 })
    expect(one).not.toContain('all is well')
    expect(one).toContain('Besides what is snoozed nothing is known to stand in the way')
    expect(one).toMatch(
      /<a href="\/issues\?state=snoozed">1 issue is snoozed<\/a>: nobody is told of it until it wakes/,
    )
    expect(overview({ snoozed: 100, matters })).toContain('99+ issues are snoozed')
  })

  test('tells the operator what is to do about the fleet, and others what it means for them and whom to ask', () => {
    const broken = [
      ...probes,
      { ...(probes[0] as (typeof probes)[0]), id: 'prb_4', state: 'quarantined' as const, reasons: ['It lied.'] },
    ]
    const own = overview({ probes: broken })
    for (const words of ['See that its machine runs and reaches us.', 'It lied.', 'clock is 4 s off', 'urgent'])
      expect(own).toContain(words)
    const theirs = overview({ probes: broken, frame: { ...frame, isOperator: false } })
    for (const words of ['1 probe offline', '1 probe in quarantine', '1 probe not fit', 'Scans go on with the other'])
      expect(theirs).toContain(words)
    expect(theirs.match(/The operator of this stack is the one to ask\./g)?.length).toBeGreaterThanOrEqual(3)
    expect(theirs).not.toMatch(/See that its machine|It lied|clock is 4 s off|>urgent<|>to do</)
  })
})

describe('what a target sends cannot harm the reader', () => {
  const hostilePort: PortVerdict = {
    ...bannedPort,
    address: HOSTILE,
    cause: bannedPort.cause && { ...bannedPort.cause, vendor: HOSTILE, askOwner: HOSTILE },
    evidence: [{ rule: HOSTILE, supports: true, text: HOSTILE, observations: [HOSTILE] }],
    remediation: { title: HOSTILE, steps: [HOSTILE], formats: [HOSTILE] },
    probes: [HOSTILE],
  }
  const coverage = { share: 0.5, statement: HOSTILE, portsAsked: 1, portsTested: 1, untested: HOSTILE }
  const scan = {
    ...scanView,
    target: HOSTILE,
    site: HOSTILE,
    addresses: [HOSTILE],
    failure: { code: HOSTILE, detail: HOSTILE },
    judgement: { ...judgement, coverage, ports: [hostilePort], waf: { vendor: HOSTILE, evidence: [HOSTILE] } },
  }
  const pages = {
    scan: <ScanPage frame={{ ...frame, tenant: HOSTILE }} scan={scan} />,
    overview: (
      <OverviewPage
        frame={frame}
        scans={[{ ...mark, target: HOSTILE, coverage: HOSTILE, site: HOSTILE }]}
        running={0}
        snoozed={0}
        matters={matters.map((matter) => ({ ...matter, text: HOSTILE, why: HOSTILE }))}
        probes={[
          ...probes,
          {
            ...(probes[1] as (typeof probes)[0]),
            site: HOSTILE,
            provider: HOSTILE,
            country: HOSTILE,
            reasons: [HOSTILE],
          },
        ]}
      />
    ),
    target: (
      <TargetPage
        frame={frame}
        target={{
          ...targetView,
          name: HOSTILE,
          address: HOSTILE,
          tags: [HOSTILE],
          ports: HOSTILE,
          schedule: HOSTILE,
          waf: { vendor: HOSTILE, evidence: [HOSTILE] },
          strips: [{ address: HOSTILE, port: 1, service: HOSTILE, cells: { [scanRow.id]: HOSTILE } }],
          sites: [
            {
              site: HOSTILE,
              at: NOW,
              scanId: HOSTILE,
              asked: { ports: HOSTILE, addresses: [HOSTILE] },
              ports: [{ address: HOSTILE, port: 1, service: HOSTILE, verdict: HOSTILE }],
            },
          ],
        }}
      />
    ),
    targets: (
      <TargetsPage
        frame={frame}
        targets={[{ ...targetRow, name: HOSTILE, ports: HOSTILE, schedule: HOSTILE, tags: [HOSTILE] }]}
        ask={ask}
        next={null}
      />
    ),
  }

  test.each(Object.entries(pages))('on the %s page it is text, and nothing else', (_, page) => {
    const html = String(page)
    expect(html).toContain('&lt;script&gt;')
    expect(withoutOurScripts(html)).not.toMatch(/<script|<img src=x/i)
    // With the quoted values gone, whatever broke out of one would stand here as an attribute.
    expect(html.replace(/"[^"]*"/g, '""')).not.toMatch(/<[^>]*(onerror|alert)/i)
  })

  test.each(
    Object.entries({ ...pages, rules: <RulesPage frame={null} />, signin: <SignInPage problem={null} next="/" /> }),
  )('the %s page needs nothing that the policy forbids', (_, page) => {
    const html = withoutOurScripts(String(page))
    expect(html).not.toMatch(/<script|<style|\sstyle=|javascript:|<iframe|https?:\/\//i)
  })

  test('the policy allows no script inside a page, no frame and no other host', () => {
    const policy = HEADERS['content-security-policy'] ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).toContain("script-src 'self';")
    expect(policy).not.toMatch(/unsafe|\*|https?:/)
    expect(style.text).not.toMatch(/url\(|@import|https?:/)
  })
})

test('while the kill switch is on no page offers to scan or to prove', () => {
  const stopped = { ...frame, stopped: true }
  const proved = { ...targetView, verification: { ...targetView.verification, state: 'proved' as const } }
  const html = String(<TargetPage frame={stopped} target={{ ...proved, sites: targetView.sites }} />)
  expect(html.match(/Scanning is stopped\./g)).toHaveLength(2)
  expect(html).not.toMatch(/Scan now|<button[^>]*>Prove the allowlist/)
})

test('the kill switch is said on every page', () => {
  const stopped = { ...frame, stopped: true }
  const page = (of: typeof frame) => String(<TargetsPage frame={of} targets={[]} ask={ask} next={null} />)
  expect(page(stopped)).toContain('All scanning is stopped')
  expect(page(frame)).not.toContain('All scanning is stopped')
})

test('what was tested reads well when one port was asked', () => {
  const told = (sight: 'open' | null) => {
    const { facts } = tell({ ports: [HTTP], sees: () => 'open' })
    const closing = { outcome: 'done' as const, ports: { asked: 1, tested: 1, untested: '' } }
    const runs = facts.runs.map((run) => ({
      ...run,
      ...(sight === null ? { found: [], observations: [], spans: [] } : {}),
      closing: run.kind === 'scan' ? { ...run.closing, ...closing } : run.closing,
    }))
    return judgeScan({ ...facts, portsAsked: 1, ports: '443', runs }, T0 + 600_000).coverage?.statement
  }
  expect(told(null)).toBe('The one port asked was tested; it was not open.')
  expect(told('open')).toBe('The one port asked was tested, and it was reachable throughout.')
})

test('the source of a rule is one that its reader can find, or our method by the name of what it does', () => {
  for (const { id, sentence, source } of RULE_LIST)
    expect([id, `${sentence} ${source}`]).not.toEqual([
      id,
      expect.stringMatching(/\b[CEQ]\d|\.tsx?\b|(^|[;,] )method\b/),
    ])
})

test('a percentage beside what looks the same says what it is a share of', () => {
  const cause = judgement.ports.find((port) => port.cause)?.cause
  if (!cause) throw new Error('no cause')
  const generic = { ...cause, mechanism: 'source_ban' as const, confidence: 0.99 }
  expect(alikeWords({ ...generic, indistinguishable: ['network_ips', 'fail2ban'] })).toBe(
    'The 99 % is for the whole class, whichever of its tools it was: from outside it looks the same as network IPS, fail2ban.',
  )
  expect(alikeWords({ ...generic, indistinguishable: [] })).toBeNull()
})

test('numbers of a thousand and more are written one way', () => {
  expect([999, 2_000, 65_535].map((n) => count(n, 'port'))).toEqual(['999 ports', '2,000 ports', '65,535 ports'])
})

test('the matrix puts what each site saw side by side, ports in order', () => {
  expect(rowsOf(targetView.sites).map((row) => [row.port, ...row.verdicts])).toEqual([
    [22, 'interfered', 'open'],
    [25, null, 'a word of later'],
    [443, 'open', null],
  ])
})

describe('what is said of many ports is true of all of them', () => {
  const site = (name: string, ports: number[], asked: string | null, verdict = 'open') => ({
    site: name,
    at: NOW,
    scanId: `scn_${name}`,
    ports: ports.map((port) => ({ address: '203.0.113.9', port, service: 'ssh', verdict })),
    asked: asked === null ? null : { ports: asked, addresses: ['203.0.113.9'] },
  })
  const matrix = (...sites: ReturnType<typeof site>[]) => String(<Matrix sites={sites} now={NOW} />)

  test('a port that one site saw and another did not, though it asked, is seen differently', () => {
    expect(matrix(site('fra-1', [22, 80], '22,80'), site('nyc-1', [22], '22,80'))).toContain(
      'One port is seen differently',
    )
    expect(matrix(site('fra-1', [22], '22'), site('nyc-1', [22], '22'))).toContain('Every site sees the same.')
    for (const asked of [null, '22']) {
      const html = matrix(site('fra-1', [22, 80], '22,80'), site('nyc-1', [22], asked))
      expect(html).not.toContain('Every site sees the same.')
      expect(html).toContain('1 port was not seen from nyc-1')
    }
  })

  test('rows that are left out are told as they are', () => {
    const ports = Array.from({ length: 70 }, (_, i) => i + 1)
    const differing = matrix(site('fra-1', ports, '1-70'), site('nyc-1', ports, '1-70', 'interfered'))
    expect(differing).toContain('10 further ports, 10 of them seen differently.')
    expect(matrix(site('fra-1', ports, '1-70'), site('nyc-1', ports, '1-70'))).toContain(
      '10 further ports, none of them seen differently.',
    )
  })

  test('a port without a line may have had trouble, and is now what the last whole scan says', () => {
    const strips = targetView.strips.map((strip) => ({ ...strip, cells: { scn_old: 'interfered' } }))
    const shown = (portsTroubled: number) =>
      String(
        <Strips
          strips={strips}
          scans={targetView.scans}
          portsSeen={12}
          portsTroubled={portsTroubled}
          newestWhole={scanRow.id}
        />,
      )
    expect(shown(1)).toContain('10 further ports had no trouble worth a line here.')
    expect(shown(5)).toContain('10 further ports without a line here, 3 of them with trouble too.')
    expect(shown(1)).toContain('not seen')
  })
})

test('what was lost for sure stands before what could not be judged', () => {
  const doubtful = {
    ...bannedPort,
    port: 21,
    verdict: 'inconclusive' as const,
    strength: null,
    cause: null,
    evidence: [],
  }
  const html = scanPage(withPorts(doubtful, bannedPort))
  const [banned, unjudged] = [bannedPort, doubtful].map((port) => html.indexOf(`id="${anchorOf(port)}"`))
  expect(banned).toBeGreaterThan(0)
  expect(unjudged).toBeGreaterThan(banned as number)
})

describe('after a retest', () => {
  const whole = { ...scanRow, verdict: 'interference' as const, retestOf: null }
  const retest = { ...scanRow, id: 'scn_retest', createdAt: NOW - 90_000, finishedAt: NOW - 60_000, retestOf: 'iss_1' }
  const shown = (cells: Record<string, string>, scans = [retest, whole]) =>
    String(
      <Strips
        strips={targetView.strips.slice(0, 1).map((strip) => ({ ...strip, cells }))}
        scans={scans}
        portsSeen={1}
        portsTroubled={1}
        newestWhole={whole.id}
      />,
    ).replace(/<svg[\s\S]*?<\/svg>/g, '')
  const now = (cells: Record<string, string>, scans?: (typeof retest | typeof whole)[]) =>
    shown(cells, scans).match(/<tbody>[\s\S]*<\/tbody>/)?.[0]

  test('a port is now what the retest saw, unless that could not judge it or was not ended', () => {
    expect(now({ [whole.id]: 'interfered', [retest.id]: 'open' })).toMatch(/ open<\/span>/)
    expect(now({ [whole.id]: 'interfered' })).toMatch(/ interfered<\/span>/)
    expect(now({ [whole.id]: 'interfered', [retest.id]: 'inconclusive' })).toMatch(/ interfered<\/span>/)
    const stopped = { ...retest, state: 'cancelled' as const }
    expect(now({ [whole.id]: 'interfered', [retest.id]: 'open' }, [stopped, whole])).toMatch(/ interfered<\/span>/)
    expect(now({ [retest.id]: 'interfered' }, [whole, retest])).toContain('not seen')
  })

  test('the matrix says when the site last looked, and what at', () => {
    const [site] = targetView.sites
    if (!site) throw new Error('no site')
    const retested = { ...site, retest: { at: NOW - 60_000, scanId: retest.id } }
    const html = String(<Matrix sites={[retested]} now={NOW} />).replace(/<[^>]*>/g, '')
    expect(html).toContain('fra-1 8 min ago, lost ports again 1 min ago')
  })

  test('the list of targets tells it beside the last whole scan', () => {
    const row = { ...targetRow, retest: { id: retest.id, at: NOW - 60_000, verdict: 'clear' as const, share: 1 } }
    const html = String(<TargetsPage frame={frame} targets={[row]} ask={ask} next={null} />)
    expect(html).toContain('href="/scans/scn_retest"')
    expect(html.replace(/<[^>]*>/g, '')).toContain('93 % tested; retest clear 1 min ago, 100 % together')
  })

  test('the chart of shares says that it has no mark', () => {
    const chart = (scans: (typeof mark)[]) =>
      String(<OverviewPage frame={frame} scans={scans} running={0} snoozed={0} matters={[]} probes={probes} />)
    const words = 'Retests have no mark: each looks again at what its scan lost.'
    expect(chart([mark, { ...mark, id: retest.id, retestOf: 'iss_1' }])).toContain(words)
    expect(chart([mark])).not.toContain(words)
  })
})

test('the line of a port is drawn to the scale of its scan', () => {
  const from = bannedPort.firstSeenOpenAt as number
  const port = {
    ...bannedPort,
    lostAt: from + 25_000,
    fastAt: null,
    confirmedAt: null,
    recoveredBetween: [from + 70_000, from + 75_000] as [number, number],
  }
  expect(drawingOf(port, from, from + 100_000)).toMatchObject({
    seen: 0,
    lost: 0.25,
    back: 0.75,
    marks: [{ at: 0.25 }],
  })
  expect(drawingOf({ ...port, recoveredBetween: [from, from + 200_000] }, from, from + 100_000)).toMatchObject({
    back: null,
  })
  expect(drawingOf({ ...openPort(80, 'http'), firstSeenOpenAt: null }, from, from + 1)).toBeNull()
  expect(drawingOf(port, from, from)).toBeNull()
})

test('the strip of a lost port says what its colours mean, of those that are there', async () => {
  const legend = async (port: PortVerdict) => {
    const html = String(await (<Timeline port={port} from={START} to={START + 120_000} name="" />))
    return [...html.matchAll(/<\/svg>([^<]+)<\/li>/g)].map(([, said]) => said?.trim())
  }
  expect(await legend(bannedPort)).toEqual(['not seen yet', 'reachable', 'lost', 'lost, likely, confirmed'])
  expect(await legend({ ...openPort(80, 'http'), firstSeenOpenAt: START })).toEqual(['reachable'])
})

test('times are short where they are spoken and exact where they are read', () => {
  expect([span(900), span(41_000), span(75_000), span(120_000), span(7_500_000), span(100 * 3_600_000)]).toEqual([
    '1 s',
    '41 s',
    '1 min 15 s',
    '2 min',
    '2 h 5 min',
    '4 d 4 h',
  ])
  expect([ago(NOW - 359_000, NOW), ago(NOW + 3_600_000, NOW), ago(NOW - 1, NOW)]).toEqual([
    '5 min ago',
    'in 1 h',
    'just now',
  ])
  expect(utc(0)).toBe('1970-01-01 00:00:00 UTC')
})

test('what is not whole never reads 100 %, what is there at all never 0 %', () => {
  expect([percent(0.001), percent(0.34), percent(0.999), percent(1)]).toEqual(['under 1 %', '34 %', '99 %', '100 %'])
  expect(String(<Share share={0} label="x" />)).toContain('>0 %<')
})

test('endpoints of several addresses have links of their own', () => {
  const anchors = [
    anchorOf({ address: '10.0.0.1', port: 22 }),
    anchorOf({ address: '10.0.0.12', port: 2 }),
    anchorOf({ address: '::1', port: 22 }),
  ]
  expect(new Set(anchors).size).toBe(3)
  for (const anchor of anchors) expect(anchor).toMatch(/^port-[0-9a-z-]+$/)
})
