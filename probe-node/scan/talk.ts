/** The scanner's talk with the Worker while it works: what it saw goes out, what is to be done comes in. */
import { RENEW_MS } from '../../schema/wire.ts'
import { rest } from '../clock.ts'
import { isUndisturbed, type Scan } from './context.ts'
import { settle } from './losses.ts'

const FIRST_RENEW_MS = 2_000
/**
 * So long after a report facts wait for the next: little in a quick scan, more in a long one, where each is a row. While
 * nothing is lost nobody waits for them but the panel for what was found.
 */
const patienceMs = (elapsedMs: number, isAwaited: boolean): number =>
  isAwaited ? Math.min(60_000, Math.max(1_000, elapsedMs / 4)) : 60_000
const LOOK_MS = 250
/** Spans travel with what is told anyway, and by themselves this often. */
const SPANS_EVERY_MS = 150_000
const HOLD_ASK_MS = 2_000

/** Renews as the Worker asks, when facts have waited enough, and when the bell rings; carries out what the answers say. */
export async function keepTalking(
  scan: Scan,
  signal: AbortSignal,
  onEnd: (how: 'stopped' | 'gone') => void,
): Promise<void> {
  const { reporter, nudge, endpoints } = scan
  const startedAt = performance.now()
  let askAfterMs = FIRST_RENEW_MS
  let askedAt = startedAt
  let reportedAt = startedAt
  let spansAt = startedAt
  /** once is enough: the list may be long */
  let isTold = false
  let saidOver = scan.discovered
  while (!signal.aborted) {
    const every = Math.min(askAfterMs, RENEW_MS, scan.hold ? HOLD_ASK_MS : RENEW_MS)
    const wasRung = await nudge.wait(Math.min(LOOK_MS, Math.max(0, askedAt + every - performance.now())), signal)
    if (signal.aborted) return
    const now = performance.now()
    const hasNews = reporter.pending() > 0
    const isAwaited = reporter.pendingFound() > 0 || !isUndisturbed(scan)
    const isDue = hasNews && now - reportedAt >= patienceMs(now - startedAt, isAwaited)
    if (!wasRung && !isDue && now < askedAt + every) continue
    // With the word that discovery is over goes all that it found: the panel's work follows from both.
    const keep = !wasRung && !isDue && !scan.hold && (!scan.discovered || saidOver)
    if ((!keep && hasNews) || now - spansAt > SPANS_EVERY_MS) {
      endpoints.flushSpans()
      spansAt = now
    }
    askedAt = now
    const { phase, progress, ready, discovered, untested } = scan
    const isNews = discovered && !isTold && untested !== ''
    const total = Math.max(progress.total, progress.done)
    const told = { phase, progress: { done: progress.done, total } }
    const { alarms } = scan
    const asked = await reporter.renew(
      { ...told, ...(ready ? { ready } : {}), ...(discovered ? { discovered } : {}), ...(isNews ? { untested } : {}) },
      keep,
    )
    if (signal.aborted) return
    if (asked.ok && isNews) isTold = true
    if (asked.ok && discovered) saidOver = true
    if (!keep && hasNews) reportedAt = now
    if (!asked.ok) {
      if (asked.why !== 'unreachable') return onEnd('gone')
      await rest(1_000, signal)
      continue
    }
    askAfterMs = asked.answer.askAgainMs
    scan.answers += 1
    if (alarms === scan.alarms) settle(scan, asked.answer)
    if (asked.answer.do === 'stop') return onEnd('stopped')
  }
}
