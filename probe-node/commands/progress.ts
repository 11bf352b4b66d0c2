import type { PortAnswer, ScanAnswer } from '../../schema/api.ts'
import { printable } from '../../schema/terminal.ts'
import { missingCompany } from './company.ts'
import { bar, type Display, percent } from './display.ts'
import type { Watcher } from './follow.ts'

const PHASE_SAYS: Record<string, string> = {
  discover: 'looking for open ports',
  baseline: 'other probes look at the open ports',
  engage: 'scanning the services',
  verify: 'a port did not answer: all probes look at it together',
  explain: 'looking for the cause',
  recheck: 'looking at every open port again',
  judge: 'judging',
}
/** The same phases of a scan in which no other probe takes part. */
const ALONE_SAYS: Record<string, string> = {
  baseline: 'no other probe is there to look at the open ports',
  verify: 'a port did not answer: the scanner looks again, alone',
}
/** The same of a retest. Its ports were lost before it began, so that all may look at them before it lost one itself. */
const RETEST_SAYS: Record<string, string> = {
  discover: 'trying what was lost, or not tested, again',
  verify: 'all probes look together at the ports that it tries again',
}
const RETEST_ALONE_SAYS: Record<string, string> = { verify: 'the scanner looks at the ports again, alone' }
/** A retest that has not touched all its ports by then waits for the ration of one that counts touches. */
const RETEST_SLOW_MS = 20_000
/** Said where a run has not touched all its endpoints after a while: it waits for the ration of one. */
export const RATION_SAYS =
  'SSH, mail, FTP, VNC and MySQL services count connections: the next touch of one that was just scanned may have to wait up to ten minutes'

/** Tells of a running scan, each thing once, whichever of event and scan object brings it first. */
export function progressOn(display: Display, options: { accompany: boolean }): Watcher {
  const told = new Set<string>()
  const once = (key: string, text: () => string) => {
    if (told.has(key)) return
    told.add(key)
    display.line(text())
  }
  const { paint } = display
  let phase = ''
  let isAlone = false
  let isRetest = false
  const startedAt = Date.now()
  let silentSince: number | null = null
  let last = { at: Date.now(), done: 0, rate: 0 }

  const enter = (next: unknown) => {
    if (typeof next !== 'string' || next === phase) return
    phase = next
    last = { at: Date.now(), done: 0, rate: 0 }
    const says =
      (isAlone && isRetest && RETEST_ALONE_SAYS[next]) ||
      (isAlone && ALONE_SAYS[next]) ||
      (isRetest && RETEST_SAYS[next]) ||
      PHASE_SAYS[next] ||
      ''
    display.line(paint('dim', `· ${printable(next, 20)}: ${says}`))
  }
  const advance = (progress: { done?: unknown; total?: unknown } | null) => {
    if (typeof progress?.done !== 'number' || typeof progress.total !== 'number')
      return display.status(phase === '' ? 'waiting for a probe to take it' : `${phase} …`)
    if (isRetest && phase === 'discover' && progress.done < progress.total && Date.now() - startedAt > RETEST_SLOW_MS)
      once('ration', () => paint('dim', `  ${RATION_SAYS}`))
    const seconds = (Date.now() - last.at) / 1_000
    if (seconds > 0.5)
      last = { at: Date.now(), done: progress.done, rate: Math.max(progress.done - last.done, 0) / seconds }
    const rate = last.rate >= 1 ? `  ${Math.round(last.rate).toLocaleString('en')}/s` : ''
    const how = display.isLive ? bar(progress.done, progress.total) : percent(progress.done, progress.total)
    display.status(`${phase}  ${how}${rate}`)
  }
  const found = (port: { address?: unknown; port?: unknown; service?: unknown }) =>
    once(
      `open ${port.address} ${port.port}`,
      () => `  open      ${place(port)}  ${printable(String(port.service ?? ''), 20)}`,
    )
  const judged = (port: Partial<PortAnswer>) => {
    // While its rounds run a lost port is inconclusive: that is no news yet. The summary says when it stays so.
    if (!port.verdict || port.verdict === 'open' || port.verdict === 'inconclusive') return
    const cause = port.cause ? ` – ${port.cause.mechanism ?? port.cause.class}` : ''
    once(`verdict ${port.address} ${port.port} ${port.verdict} ${port.strength}`, () =>
      paint(
        'yellow',
        `  verdict   ${place(port)}  ${[port.verdict, port.strength].filter(Boolean).join(', ')}${cause}`,
      ),
    )
  }

  return {
    event(name, data) {
      silentSince = null
      if (name === 'phase') enter(data.phase)
      else if (name === 'progress') advance(data)
      else if (name === 'port') found(data)
      else if (name === 'alarm') alarm(data)
      else if (name === 'verdict') judged(data as Partial<PortAnswer>)
      else if (name === 'accompany.ready' && options.accompany) once('ready', () => 'ready: start your scanner')
    },
    scan(scan: ScanAnswer) {
      silentSince = null
      isAlone = Boolean(scan.scanner) && scan.panel.length === 0
      isRetest = scan.retestOf !== null
      const alone = missingCompany(scan)
      if (alone) once('alone', () => paint('yellow', alone))
      if (scan.phase) enter(scan.phase)
      advance(scan.progress)
      for (const port of scan.ports) {
        if (port.firstSeenOpenAt) found(port)
        judged(port)
      }
    },
    silence(reason) {
      if (silentSince === null) display.line(paint('dim', `  ${reason} Trying again …`))
      silentSince ??= Date.now()
    },
  }

  function alarm(data: Record<string, unknown>) {
    for (const endpoint of Array.isArray(data.lost) ? data.lost : [data]) {
      once(`alarm ${endpoint.address} ${endpoint.port}`, () => paint('red', `  lost      ${place(endpoint)}`))
    }
    for (const address of Array.isArray(data.silenced) ? data.silenced : [])
      once(`silent ${address}`, () => paint('red', `  silent    ${printable(String(address), 45)}`))
    for (const { address, offered, passed } of Array.isArray(data.limited) ? data.limited : [])
      once(`limited ${address}`, () => {
        const rates = `answers ${Number(passed)} of ${Number(offered)} connects a second`
        return paint('red', `  held back ${printable(String(address), 45)}  ${rates}`)
      })
  }
}

const place = ({ address, port }: { address?: unknown; port?: unknown }): string => {
  const host = printable(String(address ?? ''), 45)
  return `${host.includes(':') ? `[${host}]` : host}:${Number(port)}`
}
