import type { ScanAnswer } from '../../schema/api.ts'
import { hasEnded } from '../../schema/words.ts'
import { type Api, NoAnswer } from './api.ts'
import { readEvents } from './event-stream.ts'

/** What the watcher of a scan is told: the events of the API, and the Worker's silences. */
export interface Watcher {
  event(name: string, data: Record<string, unknown>): void
  /** the scan object, each time it was read anew */
  scan(scan: ScanAnswer): void
  silence(reason: string): void
}

const POLL_MS = 1_000
/** For so long a Worker may be away (restarted, redeployed) before we give up on it. */
const PATIENCE_MS = 120_000

/**
 * Follows a scan to its end and gives the final scan object. Listens to the event stream and goes on after its last event
 * when it breaks; in between, and where there is no stream, it asks once a second.
 * @throws when the signal fires, or when the Worker has been silent for two minutes
 */
export async function follow(
  api: Api,
  accepted: ScanAnswer,
  watcher: Watcher,
  signal: AbortSignal,
): Promise<ScanAnswer> {
  const { id: scanId } = accepted
  let scan: ScanAnswer | null = accepted
  let lastEventId: string | null = null
  let heardAt = Date.now()
  for (;;) {
    let hasEnd = false
    try {
      scan ??= await api.get<ScanAnswer>(`/api/v1/scans/${scanId}`, signal)
      heardAt = Date.now()
      watcher.scan(scan)
      if (hasEnded(scan.state)) return scan
      scan = null
      for await (const event of readEvents(await api.stream(`/api/v1/scans/${scanId}/events`, lastEventId, signal))) {
        heardAt = Date.now()
        lastEventId = event.id ?? lastEventId
        if (event.data !== '') watcher.event(event.name, parseData(event.data))
        hasEnd = event.name === 'ended'
        if (hasEnd) break
      }
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof Error && 'exit' in error && !(error instanceof NoAnswer)) throw error
      if (Date.now() - heardAt > PATIENCE_MS) throw error
      if (error instanceof NoAnswer) watcher.silence(error.message)
    }
    if (!hasEnd) await rest(POLL_MS, signal)
  }
}

function parseData(text: string): Record<string, unknown> {
  try {
    const data: unknown = JSON.parse(text)
    return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

const rest = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(done, ms)
    const onAbort = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    function done() {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }
    signal.addEventListener('abort', onAbort, { once: true })
  })
