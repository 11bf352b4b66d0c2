/** E5, onset: what the scanner had done when the port was lost, and how long after. Read from what is stored; no connects. */
import type { EndpointEvidence, Look, ScanEvidence } from '../evidence.ts'

export interface Onset {
  /** last success and first failure of the scanner: the loss lies between */
  between: readonly [number, number]
  /** connects of the scanner to the endpoint until then, as far as they are stored: watch, engagement, rounds */
  connects: number
  /** stimuli answered by the service until the loss; null while the scan run has not said */
  requests: number | null
  /** open ports of the address that it had found by then */
  ports: number
  /** the last stimulus that was answered before the loss */
  last: { id: string; at: number; httpStatus: number | null } | null
  /** from that to the first failure, ms: 0 inline, 1–3 s a log reader, up to 10 s a bouncer that polls; null without one */
  lagMs: number | null
}

/** What came before the loss at `lostAt`; null when the scanner never got through before it. */
export function onsetOf(endpoint: EndpointEvidence, scan: ScanEvidence, lostAt: number | null): Onset | null {
  if (lostAt === null || !endpoint.found) return null
  const mine = endpoint.looks.filter(({ role }) => role === 'scanner')
  const before = mine.filter(({ endAt, failed }) => !failed && endAt <= lostAt)
  const first = mine.find(({ endAt, failed }) => failed && endAt >= lostAt)
  const spans = endpoint.spans.filter(({ from }) => from <= lostAt)
  const lastOpenAt = Math.max(
    endpoint.found.firstSeenOpenAt,
    ...before.map(({ at }) => at),
    ...spans.map(({ to }) => Math.min(to, lostAt)),
  )
  const stimuli = before.filter(({ observation }) => observation.purpose === 'engage')
  const last: Look | undefined = stimuli.at(-1)
  const failedAt = first?.at ?? lostAt
  return {
    between: [lastOpenAt, Math.max(lastOpenAt, failedAt)],
    connects: before.length + spans.reduce((sum, { touches }) => sum + touches, 0),
    requests: scan.engagement.get(endpoint.key)?.done ?? null,
    ports: (scan.byAddress.get(endpoint.address) ?? []).filter(
      ({ found, phantom }) => found && !phantom && found.firstSeenOpenAt <= lostAt,
    ).length,
    last: last ? { id: last.id, at: last.at, httpStatus: last.observation.httpStatus ?? null } : null,
    lagMs: last ? Math.max(0, failedAt - last.at) : null,
  }
}
