import type { TargetAnswer } from '../../schema/api.ts'
import type { ProofAnswer } from '../../schema/proofApi.ts'
import { isRationed } from '../../schema/service.ts'
import { printable } from '../../schema/terminal.ts'
import { type Api, NoAnswer, openApi } from './api.ts'
import { type Command, CommandFailure, EXIT, interruption, usageError } from './command.ts'
import { type Display, openDisplay, paintFor } from './display.ts'
import { jsonText } from './json.ts'
import { parse, REACH, reach, wholeNumber } from './options.ts'
import { RATION_SAYS } from './progress.ts'
import { proofText } from './proof-table.ts'
import { widthOf } from './wrap.ts'

const OPTIONS = {
  ...REACH,
  stimulus: { type: 'boolean', default: false },
  site: { type: 'string', multiple: true },
  timeout: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

export const prove: Command = {
  summary: 'show from which of our addresses a target can be reached',
  usage: `portwitness prove ADDRESS [options]

  Every address of the target's sites touches every known endpoint.

  --stimulus                repeat the harmless stimulus of the scan that was
                            interfered with, as the owner of the target
                            allows; when all pass, the issue is closed
  --site S                  from this site alone; may be given again
                            (default: the sites of the target)
  --timeout S               stop when it has not ended after S seconds
                            (default: wait for its end)
  --json                    print the proof object alone on stdout
  --url U, --key K          the Worker and a key
                            (or PORTWITNESS_URL, PORTWITNESS_KEY)

Exit codes: 0 proved, 3 not proved, 4 incomplete, 1 failed, 2 usage,
5 refused, 6 stopped or timed out.
`,
  async run(args) {
    const { values, positionals } = parse(args, OPTIONS, 1)
    const [address] = positionals
    if (!address) throw usageError('which address? portwitness prove ADDRESS')
    const timeoutMs = (wholeNumber(values.timeout, 'timeout', 1, 604_800) ?? 0) * 1_000
    const api = openApi(reach(values))
    const targetId = await targetOf(api, address)
    const accepted = await api.send<ProofAnswer>('POST', `/api/v1/targets/${targetId}/prove`, {
      stimulus: values.stimulus,
      ...(values.site ? { sites: values.site } : {}),
    })
    const ended = await watch(api, accepted, `Proof ${accepted.id} of ${printable(address, 253)}`, timeoutMs)
    const look = { width: widthOf(process.stdout), paint: paintFor(process.stdout) }
    process.stdout.write(values.json ? jsonText(ended) : `\n${proofText(ended, look)}${closedText(ended)}`)
    return exitOf(ended)
  },
}

const closedText = ({ closedIssueIds }: ProofAnswer): string =>
  closedIssueIds.map((id) => `Issue ${id} is closed: the fix is proved.\n`).join('')

function exitOf({ state, verdict, failure }: ProofAnswer): number {
  if (failure?.code === 'stopped') return EXIT.cancelled
  if (state !== 'finished' || verdict === null) return EXIT.failed
  return { proved: EXIT.clear, not_proved: EXIT.interference, incomplete: EXIT.incomplete }[verdict]
}

async function targetOf(api: Api, address: string): Promise<string> {
  const { items } = await api.get<{ items: TargetAnswer[] }>(`/api/v1/targets?${new URLSearchParams({ address })}`)
  const [known] = items
  if (known) return known.id
  throw new CommandFailure(
    EXIT.refused,
    `Refused: ${printable(address, 253)} is no target yet. Scan it first: what is to be reached there is not known.`,
  )
}

const POLL_MS = 1_000
/** For so long a Worker may be away (restarted, redeployed) before we give up on it. */
const PATIENCE_MS = 120_000

/** Shows the proof on stderr until it ends. Ctrl-C and --timeout stop it. */
async function watch(api: Api, accepted: ProofAnswer, title: string, timeoutMs: number): Promise<ProofAnswer> {
  const display = openDisplay(process.stderr)
  const interrupted = interruption()
  const stop = timeoutMs > 0 ? AbortSignal.any([interrupted, AbortSignal.timeout(timeoutMs)]) : interrupted
  const tell = progressOn(display)
  const path = `/api/v1/proofs/${accepted.id}`
  display.line(title)
  let proof = accepted
  let heardAt = Date.now()
  try {
    for (;;) {
      tell(proof)
      if (proof.state !== 'running') return proof
      await rest(POLL_MS, stop)
      if (stop.aborted) return await stopped(api, path, proof.id, interrupted.aborted)
      const read = await api.get<ProofAnswer>(path, stop).catch((error: unknown) => error as Error)
      if (read instanceof Error) {
        const isPassing = read instanceof NoAnswer && Date.now() - heardAt < PATIENCE_MS
        if (!stop.aborted && !isPassing) throw read
        if (!stop.aborted) display.status('the Worker does not answer; trying again')
        continue
      }
      heardAt = Date.now()
      proof = read
    }
  } finally {
    display.end()
  }
}

async function stopped(api: Api, path: string, id: string, byHand: boolean): Promise<never> {
  const late = byHand ? '' : ' took too long and'
  await api.send<ProofAnswer>('POST', `${path}/cancel`, {}).catch((error: unknown) => {
    const why = printable(error instanceof Error ? error.message : String(error), 300)
    throw new CommandFailure(EXIT.cancelled, `Proof ${id}${late} could not be stopped: ${why}`)
  })
  throw new CommandFailure(EXIT.cancelled, `Proof ${id}${late} is stopped.`)
}

/** Tells of each address when it begins, when it loses an endpoint, and when it is done; each once. */
function progressOn(display: Display): (proof: ProofAnswer) => void {
  const told = new Set<string>()
  const { paint } = display
  const startedAt = Date.now()
  return ({ sources, statement, verdict: whole }) => {
    for (const { sourceAddress, site, state, verdict, cells } of sources) {
      const name = `${sourceAddress} (${site})`
      const once = (key: string, text: string) => {
        if (told.has(`${name} ${key}`)) return
        told.add(`${name} ${key}`)
        display.line(text)
      }
      for (const { address, port, word, sight, code } of cells)
        if (word === 'shut')
          once(
            `shut ${address} ${port}`,
            paint(
              'red',
              `  shut    ${name} ${address}:${port}  ${sight ?? ''}${code ? ` (${printable(code, 40)})` : ''}`,
            ),
          )
      if (state === 'running') once('begins', paint('dim', `  looks   ${name}`))
      else if (state !== 'waiting' && verdict !== null)
        once(
          'over',
          `  ${verdict === 'proved' ? paint('green', 'passes ') : paint('yellow', WORD[state] ?? 'fails  ')} ${name}`,
        )
    }
    // A touch that is told late is one that waits for its turn.
    const waits = cellsWaiting(sources)
    if (waits && Date.now() - startedAt > SLOW_MS && !told.has('ration')) {
      told.add('ration')
      display.line(paint('dim', `  ${RATION_SAYS}`))
    }
    const over = sources.filter(({ state }) => state !== 'waiting' && state !== 'running').length
    const said = printable(statement, 200)
    // While nothing speaks against it the statement says how far it has come.
    const isCounted = whole === null && statement.includes(' looked at ')
    display.status(isCounted ? said : `${over} of ${sources.length} addresses have looked; ${said}`)
  }
}

/** A proof that has not touched all its endpoints by then waits for the ration of one that counts touches. */
const SLOW_MS = 20_000
const cellsWaiting = (sources: ProofAnswer['sources']): boolean =>
  sources.some(
    ({ state, cells }) =>
      state === 'running' &&
      cells.some(({ word, service, at }) => word === 'waiting' && at === null && isRationed(service)),
  )

const WORD: Record<string, string> = {
  offline: 'offline',
  silent: 'silent ',
  refused: 'refused',
  stopped: 'stopped',
}

const rest = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
