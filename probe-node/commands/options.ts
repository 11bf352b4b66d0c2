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
    const parsed = parseArgs({ args, options, allowPositionals: positionals > 0, strict: true })
    if (parsed.positionals.length > positionals)
      throw new Error(`unexpected argument '${parsed.positionals[positionals]}'`)
    return parsed
  } catch (error) {
    throw usageError(firstSentence(error instanceof Error ? error.message : String(error)))
  }
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
