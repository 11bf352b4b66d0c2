import { VERSION } from '../schema/version.ts'
import { readCapacity } from './capacity.ts'
import { http } from './http.ts'
import type { World } from './world.ts'

interface Metric {
  name: string
  type: 'gauge' | 'counter'
  help: string
  value: number
  labels?: string
}

/** Serves the probe's own figures on 127.0.0.1, in the Prometheus text format, until the signal aborts. */
export function serveMetrics(world: World, port: number, signal: AbortSignal): void {
  const server = http.createServer(async (request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end()
    const text = (await metricsOf(world)).map(exposed).join('')
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text)
  })
  server.on('error', (error) =>
    world.log('error', 'the metrics port cannot be had', { port, why: error.message.slice(0, 100) }),
  )
  server.listen(port, '127.0.0.1')
  signal.addEventListener('abort', () => server.close().closeAllConnections(), { once: true })
}

/** Names, units and types by https://prometheus.io/docs/practices/naming/: base units, `_total` for what only grows. */
async function metricsOf(world: World): Promise<Metric[]> {
  const [health, { openFiles, maxFiles }] = await Promise.all([
    world.fit.health(world.spool.count(), world.clock.offsetMs()),
    readCapacity(),
  ])
  const { touches, scans, shortRuns, alarms, answered, unanswered, answeredAt } = world.counters
  const own = (name: string, type: Metric['type'], help: string, value: number, labels?: string): Metric => ({
    name: `portwitness_probe_${name}`,
    type,
    help,
    value,
    ...(labels ? { labels } : {}),
  })
  return [
    own('info', 'gauge', 'Version of this probe.', 1, `{version="${VERSION}",node="${process.versions.node}"}`),
    own(
      'fit',
      'gauge',
      'Whether this probe may accuse: 1, or 0 while it is stalled, exhausted or misses its beacons.',
      health.fit ? 1 : 0,
    ),
    own('event_loop_lag_seconds', 'gauge', 'Worst stall of the process in the last 30 seconds.', health.lagMs / 1_000),
    own(
      'clock_offset_seconds',
      'gauge',
      "The Worker's time minus this machine's.",
      (health.clockOffsetMs ?? 0) / 1_000,
    ),
    own('spooled_reports', 'gauge', 'Reports on disk that could not be delivered yet.', health.spooled),
    own('dropped_reports_total', 'counter', 'Reports given up: too old, or no room for them.', world.spool.dropped()),
    own(
      'last_lease_timestamp_seconds',
      'gauge',
      'When the Worker last answered a lease; 0 before the first.',
      answeredAt / 1_000,
    ),
    own('leases_answered_total', 'counter', 'Leases that the Worker answered.', answered),
    own('leases_unanswered_total', 'counter', 'Leases that the Worker did not answer, or refused.', unanswered),
    own('touches_total', 'counter', 'Touches of endpoints and beacons.', touches),
    own('scans_total', 'counter', 'Scan runs begun.', scans),
    own('short_runs_total', 'counter', 'Runs of other kinds begun.', shortRuns),
    own('alarms_total', 'counter', 'Alarms raised: a port was lost.', alarms),
    { name: 'process_open_fds', type: 'gauge', help: 'Open file descriptors.', value: openFiles },
    { name: 'process_max_fds', type: 'gauge', help: 'Most file descriptors that may be open.', value: maxFiles },
    {
      name: 'process_resident_memory_bytes',
      type: 'gauge',
      help: 'Resident memory.',
      value: process.memoryUsage.rss(),
    },
    {
      name: 'process_start_time_seconds',
      type: 'gauge',
      help: 'Start of the process.',
      value: Math.round(performance.timeOrigin) / 1_000,
    },
  ]
}

const exposed = ({ name, type, help, value, labels = '' }: Metric): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name}${labels} ${value}\n`
