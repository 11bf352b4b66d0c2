import type { ProbeAnswer, ScanAnswer, TargetAnswer } from '../../schema/api.ts'
import { parsePorts } from '../../schema/ports.ts'
import { printable } from '../../schema/terminal.ts'
import { hasEnded, PROFILES } from '../../schema/words.ts'
import { type Api, openApi } from './api.ts'
import { type Command, CommandFailure, EXIT, interruption, usageError } from './command.ts'
import { openDisplay, paintFor } from './display.ts'
import { follow } from './follow.ts'
import { jsonText } from './json.ts'
import { parse, REACH, reach, wholeNumber } from './options.ts'
import { progressOn } from './progress.ts'
import { summaryOf } from './summary.ts'

const OPTIONS = {
  ...REACH,
  ports: { type: 'string' },
  profile: { type: 'string' },
  accompany: { type: 'string' },
  site: { type: 'string' },
  scanner: { type: 'string' },
  rate: { type: 'string' },
  timeout: { type: 'string' },
  json: { type: 'boolean', default: false },
  'no-wait': { type: 'boolean', default: false },
} as const

export const scan: Command = {
  summary: 'scan an address and say whether the scan was interfered with',
  usage: `portwitness scan ADDRESS [options]

  --ports LIST              ports in nmap syntax: 22,80,8000-8100, 1-65535, top-1000
  --profile P               ${PROFILES.join(', ')}
  --accompany SECONDS       watch for so long while another scanner works from the same address
  --site S                  scan from this site
  --scanner PROBE|ADDRESS   scan from this very probe, by id or source address
  --rate N                  at most N connects a second
  --timeout S               cancel when it has not ended after S seconds
  --json                    print the scan object, and nothing else, on stdout
  --no-wait                 return as soon as the scan is accepted
  --url U, --key K          the Worker and a key (or PORTWITNESS_URL, PORTWITNESS_KEY)

Exit codes: 0 clear (or accepted, with --no-wait), 3 interference, 4 incomplete, 1 failed, 2 usage, 5 refused,
6 cancelled or timed out.
`,
  async run(args) {
    const wish = wishOf(args)
    const api = openApi(wish.reach)
    const targetId = await targetFor(api, wish)
    const scannerProbeId = wish.scanner ? await probeFor(api, wish.scanner) : undefined
    const { site, ports, profile, accompanySeconds } = wish
    const accepted = await api.send<ScanAnswer>('POST', '/api/v1/scans', {
      targetId,
      ports,
      profile,
      accompanySeconds,
      site,
      scannerProbeId,
    })
    if (wish.noWait) {
      process.stdout.write(wish.json ? jsonText(accepted) : `${accepted.id}\n`)
      return EXIT.clear
    }
    const ended = await watch(api, accepted, wish)
    if (wish.json) process.stdout.write(jsonText(ended))
    else process.stdout.write(`\n${summaryOf(ended, api.url, paintFor(process.stdout))}`)
    return exitOf(ended)
  },
}

type Wish = ReturnType<typeof wishOf>

function wishOf(args: string[]) {
  const { values, positionals } = parse(args, OPTIONS, 1)
  const [address] = positionals
  if (!address) throw usageError('which address? portwitness scan ADDRESS')
  const ports = values.ports === undefined ? undefined : parsePorts(values.ports)
  if (ports && 'error' in ports) throw usageError(`--ports: ${ports.error}`)
  const accompanySeconds = wholeNumber(values.accompany, 'accompany', 5, 86_400)
  const profile = PROFILES.find((it) => it === values.profile)
  if (values.profile !== undefined && !profile) throw usageError(`--profile must be one of ${PROFILES.join(', ')}.`)
  if (accompanySeconds !== undefined && profile && profile !== 'accompany')
    throw usageError('--accompany goes with no other profile.')
  return {
    reach: reach(values),
    address,
    ports: values.ports,
    profile: accompanySeconds === undefined ? profile : ('accompany' as const),
    accompanySeconds,
    site: values.site,
    scanner: values.scanner,
    rate: wholeNumber(values.rate, 'rate', 1, 200_000),
    timeoutMs: (wholeNumber(values.timeout, 'timeout', 1, 604_800) ?? 0) * 1_000,
    json: values.json,
    noWait: values['no-wait'],
  }
}

/** The target of this address: an existing one, with the wished rate, or a new one. */
async function targetFor(api: Api, { address, ports, rate }: Wish): Promise<string> {
  const query = new URLSearchParams({ address })
  const { items } = await api.get<{ items: TargetAnswer[] }>(`/api/v1/targets?${query}`)
  const [known] = items
  if (!known) {
    return (await api.send<TargetAnswer>('POST', '/api/v1/targets', { address, ports, maxConnectsPerSecond: rate })).id
  }
  if (rate !== undefined && rate !== known.maxConnectsPerSecond) {
    await api.send('PATCH', `/api/v1/targets/${known.id}`, { maxConnectsPerSecond: rate })
  }
  return known.id
}

async function probeFor(api: Api, scanner: string): Promise<string> {
  if (scanner.startsWith('prb_')) return scanner
  const { items } = await api.get<{ items: ProbeAnswer[] }>('/api/v1/probes')
  const probe = items.find((it) => it.sourceAddress === scanner)
  if (!probe) throw usageError(`--scanner: no probe has the source address ${printable(scanner, 60)}.`)
  return probe.id
}

/** Shows the scan on stderr until it ends. Ctrl-C and --timeout cancel it, and say whether they could. */
async function watch(api: Api, accepted: ScanAnswer, wish: Wish): Promise<ScanAnswer> {
  const { id } = accepted
  const display = openDisplay(process.stderr)
  const interrupted = interruption()
  const stop = wish.timeoutMs > 0 ? AbortSignal.any([interrupted, AbortSignal.timeout(wish.timeoutMs)]) : interrupted
  display.line(`Scan ${id} of ${printable(wish.address, 253)}`)
  try {
    return await follow(api, accepted, progressOn(display, { accompany: wish.accompanySeconds !== undefined }), stop)
  } catch (error) {
    if (!stop.aborted) throw error
    display.end()
    const late = interrupted.aborted ? '' : ' took too long and'
    const asked = await api.send<ScanAnswer>('POST', `/api/v1/scans/${id}/cancel`, {}).catch((why: unknown) => why)
    if (!isScan(asked))
      throw new CommandFailure(
        interrupted.aborted ? EXIT.failed : EXIT.cancelled,
        `Scan ${id}${late} could not be cancelled, and may still be running: ${printable(messageOf(asked), 300)}`,
      )
    // It came to its end in the meantime.
    if (hasEnded(asked.state) && asked.state !== 'cancelled') return asked
    if (wish.json) process.stdout.write(jsonText(asked))
    throw new CommandFailure(EXIT.cancelled, `Scan ${id}${late} is cancelled.`)
  } finally {
    display.end()
  }
}

const isScan = (answer: unknown): answer is ScanAnswer => !(answer instanceof Error)
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

function exitOf({ state, verdict }: ScanAnswer): number {
  if (state === 'cancelled') return EXIT.cancelled
  if (state === 'failed' || verdict === null) return EXIT.failed
  return EXIT[verdict]
}
