import type { TargetAnswer } from '../../schema/api.ts'
import {
  type AddressControl,
  CHECKED_METHODS,
  type ControlState,
  type VerificationAnswer,
  type VerificationBody,
} from '../../schema/control.ts'
import { printable } from '../../schema/terminal.ts'
import { type Api, openApi } from './api.ts'
import { type Command, CommandFailure, EXIT, interruption, usageError } from './command.ts'
import { jsonText } from './json.ts'
import { parse, REACH, reach, wholeNumber } from './options.ts'
import { widthOf, wrapped } from './wrap.ts'

const OPTIONS = {
  ...REACH,
  method: { type: 'string' },
  port: { type: 'string' },
  domain: { type: 'string' },
  check: { type: 'boolean', default: false },
  timeout: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

export const verify: Command = {
  summary: 'prove that an address is yours to scan',
  usage: `portwitness verify ADDRESS [options]

  Says what to put where, so that control of the address is proved; with
  --check it looks, and says what it found. Public addresses are scanned only
  while that is proved; a proof holds for 30 days and is renewed by itself.

  --method http             a token in a file that the address itself serves
                            (the default)
  --port N                  serve it on this port: 80, or 443 with TLS
                            (default: 80)
  --method reverse-dns      the reverse name of the address lies in a domain of
                            yours and leads back to it
  --domain D                that domain; implies --method reverse-dns
  --check                   look now
  --timeout S               with --check: wait so long (default: 180)
  --json                    print the verification object alone on stdout
  --url U, --key K          the Worker and a key
                            (or PORTWITNESS_URL, PORTWITNESS_KEY)

Exit codes: 0 proved, or shown what to do; 3 not proved, 1 failed, 2 usage,
5 refused, 6 stopped or timed out.
`,
  async run(args) {
    const { values, positionals } = parse(args, OPTIONS, 1)
    const [address] = positionals
    if (!address) throw usageError('which address? portwitness verify ADDRESS')
    const wish = wishOf(values)
    const timeoutMs = (wholeNumber(values.timeout, 'timeout', 1, 86_400) ?? 180) * 1_000
    const api = openApi(reach(values))
    const path = `/api/v1/targets/${await targetFor(api, address)}/verification`
    const known = await api.get<VerificationAnswer>(path)
    // A name may have moved since: what is to be done is said for where it leads now.
    const isAsked = wish !== null || known.addresses.length === 0 || known.addresses.some(({ task }) => task === null)
    const told = isAsked ? await api.send<VerificationAnswer>('POST', path, wish ?? {}) : known
    const answer = values.check ? await checked(api, path, timeoutMs) : told
    const how = { width: widthOf(process.stdout), isChecked: values.check, isAsked: wish !== null || values.check }
    process.stdout.write(values.json ? jsonText(answer) : textOf(answer, how, printable(address, 253)))
    return !values.check || isGood(answer.state) ? EXIT.clear : EXIT.interference
  },
}

function wishOf(values: { method?: string; port?: string; domain?: string }): VerificationBody | null {
  const method = CHECKED_METHODS.find((one) => one === values.method?.replace('-', '_'))
  if (values.method !== undefined && !method) throw usageError('--method must be http or reverse-dns.')
  const port = wholeNumber(values.port, 'port', 1, 65_535)
  if (port !== undefined && (values.domain !== undefined || method === 'reverse_dns'))
    throw usageError('--port goes with --method http.')
  if (method === 'http' && values.domain !== undefined) throw usageError('--domain goes with --method reverse-dns.')
  if (method === 'reverse_dns' && values.domain === undefined) throw usageError('--domain is missing.')
  if (method === undefined && port === undefined && values.domain === undefined) return null
  return {
    ...(method ? { method } : {}),
    ...(port === undefined ? {} : { port }),
    ...(values.domain === undefined ? {} : { domain: values.domain }),
  }
}

async function targetFor(api: Api, address: string): Promise<string> {
  const { items } = await api.get<{ items: TargetAnswer[] }>(`/api/v1/targets?${new URLSearchParams({ address })}`)
  const [known] = items
  if (known) return known.id
  const made = await api.send<TargetAnswer>('POST', '/api/v1/targets', { address })
  process.stderr.write(`${printable(address, 253)} is a target of yours now: ${made.id}.\n`)
  return made.id
}

const POLL_MS = 1_000

/** Asks for a look and waits until it has ended. */
async function checked(api: Api, path: string, timeoutMs: number): Promise<VerificationAnswer> {
  const interrupted = interruption()
  const stop = AbortSignal.any([interrupted, AbortSignal.timeout(timeoutMs)])
  let answer = await api.send<VerificationAnswer>('POST', `${path}/check`, {})
  while (answer.checking) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    if (stop.aborted)
      throw new CommandFailure(
        EXIT.cancelled,
        interrupted.aborted ? 'Stopped. The look goes on without us.' : 'The probes are not back yet. Ask again later.',
      )
    answer = await api.get<VerificationAnswer>(path)
  }
  return answer
}

const isGood = (state: ControlState): boolean => state === 'proved' || state === 'not_needed'

/** A block for each address: how it stands, what was found, and what is to be done while it is not proved. */
function textOf(
  answer: VerificationAnswer,
  { width, isChecked, isAsked }: { width: number; isChecked: boolean; isAsked: boolean },
  name: string,
): string {
  const blocks = answer.addresses.map(({ task, ...control }) => {
    const lines = [`${control.address}  ${stateText(control)}`]
    if (control.problem) lines.push(wrapped('  ', `Found: ${printable(control.problem.detail, 500)}`, width))
    // Of an address that needs no proof it is told to who asks for it.
    if (task && (control.state === 'not_needed' ? isAsked : control.state !== 'proved')) {
      task.steps.forEach((step, i) => {
        lines.push(wrapped(`  ${i + 1}. `, printable(step, 600), width))
      })
      if (task.record) lines.push(`  record  ${printable(task.record, 253)}`)
      if (task.url) lines.push(`  file    ${printable(task.url, 300)}`)
      lines.push(`  token   ${printable(task.content, 100)}`)
    }
    return `${lines.join('\n')}\n`
  })
  const isOpen = !isGood(answer.state)
  const next = isOpen && !isChecked ? [`Then: portwitness verify ${name} --check\n`] : []
  return [...blocks, ...next].join('\n')
}

function stateText({ state, method, expiresAt }: AddressControl): string {
  const day = expiresAt?.slice(0, 10)
  switch (state) {
    case 'proved':
      return `control is proved by ${METHOD[method ?? 'http']} until ${day}`
    case 'failing':
      return `control is proved until ${day}, but could not be proved again`
    case 'lapsed':
      return `control was proved until ${day}: it is not scanned any more`
    case 'unproved':
      return 'control is not proved: it is not scanned'
    case 'not_needed':
      return 'a private address: no proof is needed'
  }
}
const METHOD = {
  http: 'a token that it serves',
  reverse_dns: 'its reverse name',
  letter: 'a letter of the holder of its range',
} as const
