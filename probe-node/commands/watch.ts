import type { ScanAnswer } from '../../schema/api.ts'
import { printable } from '../../schema/terminal.ts'
import { hasEnded } from '../../schema/words.ts'
import type { Api } from './api.ts'
import { CommandFailure, EXIT, interruption } from './command.ts'
import { openDisplay, paintFor } from './display.ts'
import { follow } from './follow.ts'
import { jsonText } from './json.ts'
import { wholeNumber } from './options.ts'
import { progressOn } from './progress.ts'
import { summaryOf } from './summary.ts'
import { widthOf } from './wrap.ts'

/** Options of every command that starts a scan. */
export const WATCH = {
  timeout: { type: 'string' },
  json: { type: 'boolean', default: false },
  'no-wait': { type: 'boolean', default: false },
} as const

export const WATCH_HELP = `  --timeout S               cancel when it has not ended after S seconds
                            (default: wait for its end)
  --json                    print the scan object alone on stdout
  --no-wait                 return as soon as the scan is accepted
  --url U, --key K          the Worker and a key
                            (or PORTWITNESS_URL, PORTWITNESS_KEY)

Exit codes: 0 clear (or accepted, with --no-wait), 3 interference,
4 incomplete, 1 failed or not found, 2 usage, 5 refused, 6 cancelled or timed
out.
`

export interface WatchWish {
  /** 0 = wait for the end */
  timeoutMs: number
  json: boolean
  noWait: boolean
}

export const watchWish = (values: { timeout?: string; json: boolean; 'no-wait': boolean }): WatchWish => ({
  timeoutMs: (wholeNumber(values.timeout, 'timeout', 1, 604_800) ?? 0) * 1_000,
  json: values.json,
  noWait: values['no-wait'],
})

/** Shows an accepted scan to its end, prints what came of it, and gives it as it ended; with --no-wait it only prints its id. */
export async function watchToEnd(
  api: Api,
  accepted: ScanAnswer,
  { title, accompany, wish }: { title: string; accompany: boolean; wish: WatchWish },
): Promise<ScanAnswer> {
  if (wish.noWait) {
    process.stdout.write(wish.json ? jsonText(accepted) : `${accepted.id}\n`)
    return accepted
  }
  const ended = await watch(api, accepted, { title, accompany, wish })
  const look = { url: api.url, width: widthOf(process.stdout), paint: paintFor(process.stdout) }
  process.stdout.write(wish.json ? jsonText(ended) : `\n${summaryOf(ended, look)}`)
  return ended
}

export function exitOf({ state, verdict }: ScanAnswer, { noWait }: WatchWish): number {
  if (noWait) return EXIT.clear
  if (state === 'cancelled') return EXIT.cancelled
  if (state === 'failed' || verdict === null) return EXIT.failed
  return EXIT[verdict]
}

/** Shows the scan on stderr until it ends. Ctrl-C and --timeout cancel it, and say whether they could. */
async function watch(
  api: Api,
  accepted: ScanAnswer,
  { title, accompany, wish }: { title: string; accompany: boolean; wish: WatchWish },
): Promise<ScanAnswer> {
  const { id } = accepted
  const display = openDisplay(process.stderr)
  const interrupted = interruption()
  const stop = wish.timeoutMs > 0 ? AbortSignal.any([interrupted, AbortSignal.timeout(wish.timeoutMs)]) : interrupted
  display.line(title)
  try {
    return await follow(api, accepted, progressOn(display, { accompany }), stop)
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
