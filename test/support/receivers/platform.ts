/** What a platform is to a receiver: a pure answer to each request, and the readers that several share. */
export interface Sent {
  method: string
  url: URL
  headers: Record<string, string>
  body: Buffer
}

export interface Reply {
  status: number
  headers: Record<string, string>
  body: string
}

export interface Platform {
  /** path and query of its webhook */
  path: string
  secrets: string[]
  take(sent: Sent): Reply
}

export const textReply = (status: number, body: string, headers: Record<string, string> = {}): Reply => ({
  status,
  headers: { 'content-type': 'text/plain', ...headers },
  body,
})
export const jsonReply = (status: number, body: unknown, headers: Record<string, string> = {}): Reply => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})

/** Why a message is not taken. */
export class Refusal extends Error {}
export function must(holds: unknown, why: string): asserts holds {
  if (!holds) throw new Refusal(why)
}
/** The refusal's words, or null; other errors are bugs of the receiver. */
export function refusalOf(check: () => void): string | null {
  try {
    check()
    return null
  } catch (error) {
    if (error instanceof Refusal) return error.message
    throw error
  }
}

/** What a reading gave, or why it was refused. */
export function attempt<T>(reading: () => T): { value: T; why: null } | { value: null; why: string } {
  let value: T | undefined
  const why = refusalOf(() => {
    value = reading()
  })
  return why === null ? { value: value as T, why } : { value: null, why }
}

export type Json = { [key: string]: unknown }
export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** JSON as strict readers take it: an object, UTF-8, no half characters anywhere, no control characters but line ends. */
export function readJson({ headers, body }: Sent): Json {
  must(/^application\/json\b/.test(headers['content-type'] ?? ''), 'content-type must be application/json')
  const text = body.toString('utf8')
  must(Buffer.from(text, 'utf8').equals(body), 'the body is not UTF-8')
  let value: unknown
  try {
    value = JSON.parse(text)
    // Only what is escaped can be such a character: the rest was read as UTF-8.
    if (/\\[utbfr]/.test(text)) JSON.parse(text, (_, one) => (typeof one === 'string' ? mustBeClean(one) : one))
  } catch (error) {
    if (error instanceof Refusal) throw error
    throw new Refusal('the body is not JSON')
  }
  must(isObject(value), 'the body is not an object')
  return value
}

export function mustBeClean(text: string): void {
  must(!/\p{Cs}/u.test(text), 'half a character')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  must(!/[\u0000-\u0009\u000b-\u001f\u007f]/.test(text), 'a control character')
}

export function textOf(value: unknown, name: string, max: number, min = 1): string {
  must(typeof value === 'string', `${name} must be a string`)
  must(value.length >= min, `${name} must be at least ${min} characters`)
  must(value.length <= max, `${name} must be at most ${max} characters`)
  return value
}

export function listOf(value: unknown, name: string, max: number, min = 1): unknown[] {
  must(Array.isArray(value), `${name} must be a list`)
  must(value.length >= min && value.length <= max, `${name} must have ${min} to ${max} items`)
  return value
}

/** No field that the platform does not know. */
export function onlyKnown(value: unknown, name: string, known: readonly string[]): Json {
  must(isObject(value), `${name} must be an object`)
  const unknown = Object.keys(value).find((key) => !known.includes(key))
  must(unknown === undefined, `${name} has an unknown field "${unknown}"`)
  return value
}

export function urlOf(value: unknown, name: string, max = 2_000): string {
  const text = textOf(value, name, max)
  must(/^https?:\/\/[^\s<>"|]+$/.test(text) && URL.canParse(text), `${name} must be a URL`)
  return text
}
