/**
 * A scan as server-sent events. Nothing is kept for a stream: it looks at what is stored when the doorbell says that
 * something happened, and each second anyway, and says what is new. An event's id is what the stream had seen by then,
 * so that any Worker can go on after it; events tell states, and one that is told twice does no harm.
 */
import type { Context } from 'hono'
import type { EventName } from '../../schema/words.ts'
import { hasEnded } from '../../schema/words.ts'
import { type Live, liveOf, type Stir, watch } from '../bell.ts'
import type { AppEnv } from '../context.ts'
import { judgementNow } from '../live.ts'
import { occurrencesOfScan } from '../store/issues.ts'
import { type Pulse, readPulse, readScan, type Scan } from '../store/scans.ts'
import { iso, phaseOf, portAnswer } from './shape.ts'

const STREAM_MS = 25_000
const LOOK_MS = 1_000
const RETRY_MS = 500

/** What a stream has told: judgements, reports of probes, alarms, phase, ready. */
interface Told {
  rev: number
  reports: number
  alarms: number
  phase: string
  ready: boolean
  progress: string
  /** by endpoint, as it was last told */
  ports: Map<string, string>
}
const idOf = (told: Told): string => [told.rev, told.alarms, told.ready ? 1 : 0, told.phase].join('.')

/** What the id of a last event says was told. An id that is not ours tells nothing. */
function toldBy(lastEventId: string | undefined): Told {
  const [, rev = '-1', alarms = '0', ready = '0', phase = ''] =
    /^(-?\d{1,9})\.(\d{1,6})\.([01])\.([a-z]{0,20})$/.exec(lastEventId ?? '') ?? []
  return {
    rev: Number(rev),
    reports: -1,
    alarms: Number(alarms),
    ready: ready === '1',
    phase,
    progress: '',
    ports: new Map(),
  }
}

export function eventStream(c: Context<AppEnv>, scan: Scan): Response {
  const encoder = new TextEncoder()
  const told = toldBy(c.req.header('last-event-id'))
  const end = Date.now() + STREAM_MS
  let open = true
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const say = (name: EventName, data: unknown) =>
        controller.enqueue(encoder.encode(`id: ${idOf(told)}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`))
      try {
        controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n`))
        let stir: Stir = { live: await liveOf(c.env, scan.id), moves: 0 }
        while (open && !(await look(c, scan, stir.live, told, say)) && Date.now() < end)
          stir = await watch(c.env, scan.id, stir.moves, LOOK_MS)
        if (open) controller.close()
      } catch (error) {
        if (open) controller.error(error)
      }
    },
    cancel() {
      open = false
    },
  })
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
  })
}

/** Says what is new. True when the scan has ended and that was said. */
async function look(
  c: Context<AppEnv>,
  scan: Scan,
  live: Live | null,
  told: Told,
  say: (name: EventName, data: unknown) => void,
): Promise<boolean> {
  const { db } = c.var.world
  const pulse = await readPulse(db, scan.tenantId, scan.id)
  if (!pulse) return true
  const phase =
    pulse.finishedAt === null
      ? (phaseOf({ phase: pulse.phase, state: pulse.state }, live?.phase ?? null) ?? '')
      : told.phase
  if (phase !== told.phase) {
    told.phase = phase
    if (phase !== '') say('phase', { phase })
  }
  const progress = JSON.stringify(live?.progress ?? null)
  if (pulse.finishedAt === null && live?.progress && progress !== told.progress) {
    told.progress = progress
    say('progress', live.progress)
  }
  if (pulse.readyAt !== null && !told.ready) {
    told.ready = true
    say('accompany.ready', { at: iso(pulse.readyAt) })
  }
  for (const alarm of pulse.alarms.slice(told.alarms)) {
    told.alarms++
    say('alarm', { at: iso(alarm.at), lost: alarm.lost, ...(alarm.silenced ? { silenced: alarm.silenced } : {}) })
  }
  if (pulse.rev !== told.rev || pulse.reports !== told.reports) await sayPorts(c, scan, told, pulse, say)
  if (!hasEnded(pulse.state)) return false
  say('ended', { state: pulse.state, at: iso(pulse.finishedAt ?? 0) })
  return true
}

async function sayPorts(
  c: Context<AppEnv>,
  scan: Scan,
  told: Told,
  pulse: Pulse,
  say: (name: EventName, data: unknown) => void,
): Promise<void> {
  const { db } = c.var.world
  const fresh = await readScan(db, scan.tenantId, scan.id)
  const judgement = fresh && (await judgementNow({ db, now: Date.now() }, fresh))
  const seen = pulse.finishedAt === null ? [] : await occurrencesOfScan(db, scan.tenantId, scan.id)
  told.rev = pulse.rev
  told.reports = pulse.reports
  for (const port of judgement?.ports ?? []) {
    const key = `${port.address} ${port.port}`
    const before = told.ports.get(key)
    const says = [port.verdict, port.strength, port.cause?.mechanism, port.recheck].join()
    told.ports.set(key, says)
    if (before === says) continue
    const row = seen.find((one) => one.address === port.address && one.port === port.port)
    if (before === undefined)
      say('port', {
        address: port.address,
        port: port.port,
        service: port.service,
        firstSeenOpenAt: port.firstSeenOpenAt && iso(port.firstSeenOpenAt),
      })
    if (port.verdict !== 'open' || before !== undefined) say('verdict', portAnswer(port, row))
  }
}
