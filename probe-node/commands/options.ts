import { type ParseArgsConfig, parseArgs } from 'node:util'
import { parseAddress } from '../../schema/address.ts'
import { printable } from '../../schema/terminal.ts'
import { usageError } from './command.ts'

type Options = NonNullable<ParseArgsConfig['options']>

/** Options that every command which talks to a Worker has. */
export const REACH = { url: { type: 'string' }, key: { type: 'string' } } as const satisfies Options

/** parseArgs, whose complaints become usage errors. `positionals` is how many arguments without a name are wanted. */
export function parse<const T extends Options>(args: string[], options: T, positionals = 0) {
  try {
    const parsed = parseArgs({ args: joined(args, options), options, allowPositionals: positionals > 0, strict: true })
    if (parsed.positionals.length > positionals)
      throw new Error(`unexpected argument '${parsed.positionals[positionals]}'`)
    return parsed
  } catch (error) {
    const said = valueMissing(args, options) ?? firstSentence(error instanceof Error ? error.message : String(error))
    throw usageError(said)
  }
}

const takesValue = (arg: string | undefined, options: Options): boolean =>
  arg?.startsWith('--') === true && options[arg.slice(2)]?.type === 'string'

/** `--rate -1` as `--rate=-1`: no option of ours is a number, so it is a value, and what reads it names its bounds. */
function joined(args: readonly string[], options: Options): string[] {
  const said: string[] = []
  for (const arg of args) {
    const before = said.at(-1)
    if (/^-\d/.test(arg) && takesValue(before, options)) said[said.length - 1] = `${before}=${arg}`
    else said.push(arg)
  }
  return said
}

/** Which option has no value, or one that looks like an option; null when it is something else. */
function valueMissing(args: readonly string[], options: Options): string | null {
  const at = args.findIndex((arg, i) => takesValue(arg, options) && (args[i + 1] ?? '-').startsWith('-'))
  if (at < 0) return null
  const [option, value] = [args[at], args[at + 1]]
  return value === undefined
    ? `${option} needs a value.`
    : `${option} needs a value, and '${printable(value, 60)}' looks like an option. If it is the value: ${option}=${printable(value, 60)}`
}

/** The value of an option that must be there. */
export function needed(value: string | undefined, name: string): string {
  if (value === undefined || value === '') throw usageError(`--${name} is missing.`)
  return value
}

/** The value of an option that must be one IP address. */
export function neededAddress(value: string | undefined, name: string): string {
  const text = needed(value, name)
  if (!parseAddress(text)) throw usageError(`--${name} must be one IP address, not '${printable(text, 60)}'.`)
  return text
}

/** A whole number within bounds, or undefined when the option was not given. */
export function wholeNumber(value: string | undefined, name: string, min: number, max: number): number | undefined {
  if (value === undefined) return undefined
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
  if (!(number >= min && number <= max)) throw usageError(`--${name} must be a whole number from ${min} to ${max}.`)
  return number
}

/** Where the Worker is and the key for it: options first, then PORTWITNESS_URL and PORTWITNESS_KEY. */
export function reach(values: { url?: string; key?: string }): { url: string; key: string } {
  const url = workerUrl(values)
  const key = values.key ?? process.env.PORTWITNESS_KEY
  if (!key) throw usageError('--key is missing (or set PORTWITNESS_KEY).')
  return { url, key }
}

/** Where the Worker is: --url, or else PORTWITNESS_URL. */
export function workerUrl(values: { url?: string }): string {
  const url = values.url ?? process.env.PORTWITNESS_URL
  if (!url) throw usageError('--url is missing (or set PORTWITNESS_URL).')
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw usageError(`--url must be an http or https address, not '${url}'.`)
  return url.replace(/\/+$/, '')
}

const firstSentence = (text: string): string => `${text.split(/\.\s|\n/, 1)[0]}.`.replace(/\.\.$/, '.')
