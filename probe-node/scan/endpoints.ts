import { endpointKey } from '../../schema/facts.ts'
import { isRationed } from '../../schema/service.ts'
import type { Endpoint, Found, TouchTarget } from '../../schema/wire.ts'
import type { Sight } from '../../schema/words.ts'
import type { Reporter } from '../report.ts'
import type { Seen } from '../touch.ts'

/** An open port as the scan run knows it. */
export interface Known {
  key: string
  target: TouchTarget
  rationed: boolean
  firstSeenOpenAt: number
  /** how it answered when it was found: a service that turned us away from the start is not lost when it does so again */
  usual: Sight
  /** the host accepts everything: not worth a stimulus */
  phantom: boolean
  /**
   * doubted: a touch failed, and it is being touched again. lost: verification owns it, we leave it alone.
   * shut: verification has let go, but nobody of us has seen it open since: looked at now and then, no stimulus.
   */
  state: 'open' | 'doubted' | 'lost' | 'shut'
  wasLost: boolean
  /** how often it was verified and found open after all */
  letGo: number
  lastOpenAt: number
  identity: string | null
  span: { from: number; to: number; touches: number } | null
  nextWatchAt: number
  /** engagement connects that failed, running */
  failedRunning: number
  /** its last engagement connects, newest last: did they fail? */
  failedLately: boolean[]
  /** the quickest handshake so far, milliseconds; null before the first */
  quickestMs: number | null
  /** its last handshakes, newest last: did they need a second SYN? */
  slowConnects: boolean[]
  /** the panel was asked because handshakes are slow: it was not lost */
  limped: boolean
  planned: number
  done: number
  /** the last stimulus that was answered, not yet told: what came before a loss */
  last: Seen | null
}

export interface Endpoints {
  /** `watchAt`: when it is to be touched next */
  add(found: Found, watchAt: number, usual?: Sight): Known
  get(endpoint: Endpoint): Known | undefined
  all(): readonly Known[]
  /** One more touch saw it open. */
  sawOpen(known: Known, at: number): void
  /** Ends the stretch of open touches: a loss comes between. */
  closeSpan(known: Known): void
  /** Hands over all stretches so far. */
  flushSpans(): void
}

export const WATCH_EVERY_MS = 5_000
/** Ports that were found together are not watched together: the less time lies between two touches of the host, the sooner a ban of it shows. */
const GOLDEN = (Math.sqrt(5) - 1) / 2
export const SHUT_EVERY_MS = 15_000

export function createEndpoints(reporter: Reporter): Endpoints {
  const byKey = new Map<string, Known>()
  const closeSpan = (known: Known) => {
    const { span, target } = known
    known.span = null
    if (span) reporter.addSpan({ address: target.address, port: target.port, ...span })
  }
  return {
    add(found, watchAt, usual = 'open') {
      const key = endpointKey(found)
      const { address, port, check, service } = found
      const known: Known = {
        key,
        target: { address, port, check, service },
        rationed: isRationed(service),
        firstSeenOpenAt: found.firstSeenOpenAt,
        usual,
        phantom: found.phantom ?? false,
        state: 'open',
        wasLost: false,
        letGo: 0,
        lastOpenAt: found.firstSeenOpenAt,
        identity: found.identity ?? null,
        span: null,
        nextWatchAt: watchAt - WATCH_EVERY_MS * ((byKey.size * GOLDEN) % 1),
        failedRunning: 0,
        failedLately: [],
        quickestMs: null,
        slowConnects: [],
        limped: false,
        planned: 0,
        done: 0,
        last: null,
      }
      byKey.set(key, known)
      return known
    },
    get: (endpoint) => byKey.get(endpointKey(endpoint)),
    all: () => [...byKey.values()],
    sawOpen(known, at) {
      known.lastOpenAt = at
      if (known.state === 'shut') known.state = 'open'
      known.span = known.span
        ? { from: known.span.from, to: Math.max(at, known.span.to), touches: known.span.touches + 1 }
        : { from: at, to: at, touches: 1 }
    },
    closeSpan,
    flushSpans() {
      for (const known of byKey.values()) closeSpan(known)
    },
  }
}

/** The known port that most safely bears being touched or kept: speaks least, counts nothing. */
const PREFERENCE = ['silent', 'unknown', 'http', 'tls', 'https']
export const quietest = (candidates: readonly Known[]): Known | undefined =>
  candidates
    .filter(
      ({ rationed, state, phantom, target }) =>
        !rationed && !phantom && state === 'open' && PREFERENCE.includes(target.service),
    )
    .sort((a, b) => PREFERENCE.indexOf(a.target.service) - PREFERENCE.indexOf(b.target.service))[0]
