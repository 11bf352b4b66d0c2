/** What a running probe says of itself on its metrics port. */
import { http } from '../../http.ts'
import { bad, type Finding, ok, warn } from './finding.ts'

const ANSWER_MS = 3_000
/** It asks every minute at the least. */
const SILENT_SECONDS = 180

export interface Running {
  findings: Finding[]
  limits: { maxFiles: number } | null
}

export async function running(port: number): Promise<Running> {
  const text = await metrics(port)
  if (text === null)
    return {
      findings: [
        bad(
          'running',
          `No probe answers on 127.0.0.1:${port}.`,
          'Start it (systemctl start portwitness-probe@NAME) and look at its log (journalctl -u portwitness-probe@NAME).',
        ),
      ],
      limits: null,
    }
  const figure = (name: string) =>
    Number(new RegExp(`^${name}(?:\\{[^\\n]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
  const silentFor = Date.now() / 1_000 - figure('portwitness_probe_last_lease_timestamp_seconds')
  const spooled = figure('portwitness_probe_spooled_reports')
  return {
    findings: [
      silentFor > SILENT_SECONDS
        ? bad(
            'running',
            'The probe runs, but the Worker has not answered it for three minutes and more.',
            'Look at the checks "worker" and "enrolment", and at its log.',
          )
        : ok('running', 'the probe runs, and the Worker answers it'),
      figure('portwitness_probe_fit') === 1
        ? ok('fit', 'the probe may accuse')
        : bad(
            'fit',
            'The probe is not fit: it was stalled, ran out of something, or misses its beacons.',
            'portwitness probes --json on the Worker gives the reasons; a larger or less busy machine is the usual cure.',
          ),
      ...(spooled > 0
        ? [
            warn(
              'spool',
              `${spooled} reports wait on disk for the Worker.`,
              'They are sent when it answers again; after 24 hours they are dropped.',
            ),
          ]
        : []),
    ],
    limits: { maxFiles: figure('process_max_fds') },
  }
}

const metrics = (port: number): Promise<string | null> =>
  new Promise((resolve) => {
    const call = http.get({ host: '127.0.0.1', port, path: '/metrics', timeout: ANSWER_MS }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk.slice(0, 65_536 - text.length)
      })
      answer.on('close', () => resolve(answer.statusCode === 200 ? text : null))
    })
    call.on('timeout', () => call.destroy())
    call.on('error', () => resolve(null))
  })
