import { quietest } from '../../../probe-node/scan/endpoints.ts'
import { WATCH_TIMEOUT_MS } from '../../../probe-node/scan/losses.ts'
import { T0 } from '../../support/facts.ts'
import { doubt } from './losses.ts'
import type { Scanner } from './scanner.ts'

/** Idleness before the first keep-alive, and how long a frozen connection goes unanswered before the kernel gives up. */
const IDLE_MS = 5_000
const FROZEN_MS = 10_000
/** Web servers hang up on a client that asks for nothing (nginx client_header_timeout, 60 s). */
const WEB_PATIENCE_MS = 60_000

/** One idle connection kept since the start, as probe-node/scan/canary.ts tells of it. Null when no port suits. */
export function startCanary(scanner: Scanner): { tell(): void } | null {
  const { fleet, who, scan } = scanner
  const { queue, network } = fleet
  const known = quietest(scan.endpoints.all())
  if (!known) return null
  const openedAt = queue.now()
  const { address, port, service } = known.target
  const hangsUpAt = service === 'http' || service === 'https' ? openedAt + WEB_PATIENCE_MS : Number.POSITIVE_INFINITY
  let over = false
  let silentSince: number | null = null

  const say = (sight: 'open' | 'unresponsive' | 'cut' | 'unreachable', code?: string) =>
    scan.reporter.add({
      purpose: 'canary',
      check: 'tcp',
      address,
      port,
      service,
      at: T0 + queue.now(),
      afterMs: 0,
      sight,
      ...(code ? { code, syscall: 'read' } : {}),
    })
  const end = (sight: 'unresponsive' | 'cut' | 'unreachable', code: string) => {
    over = true
    say(sight, code)
    // A server that hangs up on an idle client does so in peace; a reset or a freeze is worth a look.
    if (code !== 'FIN') lookNow()
  }
  const lookNow = () => {
    if (known.state !== 'open') return
    scanner.touch(known.target, { purpose: 'watch', timeoutMs: WATCH_TIMEOUT_MS }, (seen) => {
      if (seen.sight === 'open') return scan.endpoints.sawOpen(known, seen.at)
      scan.reporter.add(seen)
      if (seen.sight !== 'probe_fault') doubt(scanner, known, seen)
    })
  }
  const beat = () => {
    if (over || scanner.isOver) return
    const now = queue.now()
    if (now >= hangsUpAt) return end('cut', 'FIN')
    const fate = network.flow(who, port, now)
    if (fate === 'reset') return end('cut', 'ECONNRESET')
    if (fate === 'fin') return end('cut', 'FIN')
    if (fate === 'pass') silentSince = null
    // ICMP does not end an established connection; it goes on unanswered.
    else silentSince ??= now
    if (silentSince !== null && now - silentSince >= FROZEN_MS) return end('unresponsive', 'ETIMEDOUT')
    queue.at(now + (silentSince === null ? IDLE_MS : 1_000), beat)
  }
  queue.at(openedAt + IDLE_MS, beat)
  return { tell: () => void (over || say('open')) }
}
