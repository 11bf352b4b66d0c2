/** What the pane beside a page finds in a raw output: lines about a port, heads of sections, the re-check. */
import { describe, expect, test } from 'vitest'
import { createOutput } from '../../probe-node/output.ts'
import { renderOutput } from '../../worker/core/output.ts'
import { linesOf, linesOfPort, recheckLine, underHeads } from '../../worker/portal/islands/shared/output.ts'
import { block, HTTP, HTTPS, isScanner, SSH, tell } from '../support/facts.ts'

/** Whether this line by itself is about port 25. */
const isAbout25 = (text: string) => linesOfPort(linesOf(text), '25').length === 1

describe('a line about a port', () => {
  test.each([
    '  18:17:45.120Z  192.0.2.9 25/tcp  smtp  open (after 3 ms)',
    '  18:17:45.120Z  [2001:db8::1] 25/tcp  cut (ECONNRESET after 4 ms)',
    '  18:17:45.120Z  lost: 192.0.2.9 22/tcp, 192.0.2.9 25/tcp',
    '  192.0.2.9 26/tcp  was open 18:17:45Z  now closed (closed (ECONNREFUSED after 1 ms) at port 25, lost with it; not touched again)',
    'Port 25 on 192.0.2.9 (smtp), 5 rounds, 30 connects by all:',
    'Port 25 was lost after 41 s: findings on it are incomplete; the other 11 ports were reachable throughout.',
    '  + [BYS-1] The proof is that of port 25. Here the scanner failed.',
    'it is port 25: so it is',
    'Ports 22, 25 and 443 were lost after 3 s',
    'Ports 22, 80 and 25 were lost after 3 s',
    'findings on ports 22, 80, 443, and 25 are still incomplete',
    'ports 20-25 answer',
    'ports 25-30 answer',
    '  ports asked: 22,25,80',
    '  192.0.2.9: not tested: 1-24,25,443',
    '2 ports of 1,000 asked are still not tested (22,25)',
    '    2. `iptables -I INPUT -s 198.51.100.7 -p tcp --dport 25 -j ACCEPT`',
    '                      192.0.2.9:25   192.0.2.9:443',
    '                      [2001:db8::1]:25   192.0.2.9:443',
    '  25/udp',
  ])('%s', (text) => expect(isAbout25(text)).toBe(true))

  test.each([
    '  18:25:25.125Z  192.0.2.9 26825/tcp  cut (ECONNRESET after 25 ms)',
    '  18:25:25.125Z  192.0.2.25 443/tcp  open (after 25 ms): 25 x',
    '  18:17:45.120Z  192.0.2.9: 25 ports, at most 25 connects a second, order shuffled with seed 25',
    '  192.0.2.9: finished; 25 accepted, 25 refused, 25 silent',
    'Port 443 on 192.0.2.9 (https), 25 rounds, 25 connects by all:',
    'Ports 22, 80 and 25 more were lost after 25 s',
    'Port 22 was lost, 25 s after the start; the other 25 ports were reachable',
    'port 2500, ports 1-250, port 125',
    'All 25,000 ports asked were tested; 2 ports of 1,025 asked could not be tested',
    '  192.0.2.9:2500  192.0.2.9:125',
    '  transport 25, report 25',
    '  started 2026-11-25T18:25:25.125Z',
  ])('not: %s', (text) => expect(isAbout25(text)).toBe(false))

  test('is found where the text was wrapped between the word and the number', () => {
    const lines = linesOf('  + [TOG-1] All of it was seen at port\n    25 at the same time\n    and 25 more times')
    expect(linesOfPort(lines, '25').map(({ number }) => number)).toEqual([2])
    const list = linesOf('It happened at ports 22, 80,\n443 and 25 as well')
    expect(linesOfPort(list, '25').map(({ number }) => number)).toEqual([2])
  })

  test.each(['port ', 'ports 1,', ' , ', '1,', '1.1.1.1', 'ports 1 - ', 'not tested', '== '])(
    'a hostile output of "%s" over and over is read in no time',
    (piece) => {
      const line = piece.repeat(1_500 / piece.length)
      const lines = linesOf(`${line}\n`.repeat(2_000))
      const began = performance.now()
      underHeads(lines, linesOfPort(lines, '25'))
      expect(performance.now() - began).toBeLessThan(2_000)
    },
  )
})

describe('the output of a scan', () => {
  const told = tell({
    ports: [SSH, HTTP, HTTPS],
    sees: block(isScanner, { sight: 'closed', code: 'ECONNREFUSED' }, 8_000, Number.POSITIVE_INFINITY, [443]),
  })
  const log = createOutput()
  log.line('Services', '18:17:45.120Z  192.0.2.9 22/tcp  ssh  open (after 443 ms)')
  log.line('Services', '18:17:45.120Z  192.0.2.9 443/tcp  https  open (after 3 ms)')
  log.line('Engagement', '18:17:46.120Z  192.0.2.9 22/tcp  touch (greeting)  →  open (after 443 ms)')
  log.line('Open Port Re-check', '192.0.2.9 22/tcp  was open 18:17:45Z  now closed (cut at port 443, lost with it)')
  log.line('Open Port Re-check', '192.0.2.9 443/tcp  was open 18:17:45Z  now closed (ECONNREFUSED after 1 ms)')
  const lines = linesOf(
    renderOutput({ facts: told.facts, judgement: told.judgement, target: 'shop.example', scannerLog: log.text() }),
  )
  const at = (number: number) => lines[number - 1]?.text ?? ''

  test('of a port there is its life, its rounds, its verdict and what to do, and nothing of the others', () => {
    const texts = linesOfPort(lines, '443').map(({ text }) => text)
    expect(texts.filter((text) => /(?<!\d)22\/tcp/.test(text))).toHaveLength(1)
    expect(texts.filter((text) => /^ {2}time +after/.test(text))).toHaveLength(1)
    expect(texts.filter((text) => /^ +\d\d:\d\d:\d\dZ +\+\d/.test(text)).length).toBeGreaterThan(2)
    for (const words of ['Cause: ', 'To do: ']) expect(texts.join('\n')).toContain(words)
  })

  test('heads stay over what is shown of their sections, once each', () => {
    const shown = underHeads(lines, linesOfPort(lines, '443')).map(({ text }) => text)
    const heads = shown
      .filter((text) => /^(==|[A-Z][\w -]{3,20}$)/.test(text))
      .map((text) => text.replaceAll(/[= ]/g, ''))
    expect(heads).toEqual(['Services', 'OpenPortRe-check', 'Verification', 'Verdicts'])
    expect(shown[shown.indexOf('Open Port Re-check') + 1]).toMatch(/^-+$/)
  })

  test('the re-check is found, and that of a port, not where another port names it', () => {
    expect(at(recheckLine(lines))).toBe('Open Port Re-check')
    expect(at(recheckLine(lines, '443'))).toMatch(/^ {2}192\.0\.2\.9 443\/tcp {2}was open/)
    expect(at(recheckLine(lines, '4443'))).toBe('Open Port Re-check')
    expect(recheckLine(linesOf('no such section'))).toBe(0)
  })
})
