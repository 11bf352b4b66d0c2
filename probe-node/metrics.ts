import { http } from './http.ts'
import type { World } from './world.ts'

/** Serves the probe's own figures on 127.0.0.1, in the Prometheus text format, until the signal aborts. */
export function serveMetrics(world: World, port: number, signal: AbortSignal): void {
  const server = http.createServer(async (request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end()
    const { fit, lagMs, openFiles, spooled } = await world.fit.health(world.spool.count(), world.clock.offsetMs())
    const { touches, scans, shortRuns, alarms } = world.counters
    const lines = [
      ['portwitness_probe_fit', 'gauge', fit ? 1 : 0],
      ['portwitness_probe_event_loop_lag_ms', 'gauge', lagMs],
      ['portwitness_probe_open_files', 'gauge', openFiles ?? 0],
      ['portwitness_probe_spooled_reports', 'gauge', spooled],
      ['portwitness_probe_dropped_reports_total', 'counter', world.spool.dropped()],
      ['portwitness_probe_touches_total', 'counter', touches],
      ['portwitness_probe_scans_total', 'counter', scans],
      ['portwitness_probe_short_runs_total', 'counter', shortRuns],
      ['portwitness_probe_alarms_total', 'counter', alarms],
      ['process_resident_memory_bytes', 'gauge', process.memoryUsage.rss()],
    ].map(([name, type, value]) => `# TYPE ${name} ${type}\n${name} ${value}\n`)
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(lines.join(''))
  })
  server.on('error', (error) =>
    world.log('error', 'the metrics port cannot be had', { port, why: error.message.slice(0, 100) }),
  )
  server.listen(port, '127.0.0.1')
  signal.addEventListener('abort', () => server.close().closeAllConnections(), { once: true })
}
