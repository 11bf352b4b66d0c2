/** Bodies are bounded before they are read, parsed or believed. Packed ones are refused: unpacking is not bounded by reading. */
import type { Context } from 'hono'
import { read } from '../../schema/read.ts'
import { Failure } from '../failure.ts'

/** Bytes of a body of the public API. */
export const API_BYTES = 256 * 1024
/** Of what a backup puts back at once. */
export const RESTORE_BYTES = 8 * 1024 * 1024
const DEPTH = 32

/** The bytes as sent. Throws `too_large` at the first byte beyond the bound, whatever the headers say. */
export async function bytesOf(request: Request, max: number): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(request.headers.get('content-length') ?? 0) > max) throw tooLarge(max)
  return request.body ? collect(request.body, max) : new Uint8Array()
}

/** The JSON text in a body: checked for depth, parsed. */
export function jsonOf(request: Request, bytes: Uint8Array): unknown {
  if (!/^application\/([a-z.+-]+\+)?json\b/i.test(request.headers.get('content-type') ?? ''))
    throw new Failure('wrong_type', 'The body must be application/json.')
  // One chunk of gzip is inflated whole before its first byte can be counted: 4 MB would be 4 GB.
  const encoding = request.headers.get('content-encoding')
  if (encoding !== null && encoding !== 'identity')
    throw new Failure('wrong_type', 'The body must be sent without a content encoding.')
  const text = decode(bytes)
  if (isTooDeep(text)) throw new Failure('bad_request', `The body is nested deeper than ${DEPTH}.`)
  try {
    return JSON.parse(text)
  } catch {
    throw new Failure('bad_request', 'The body is not JSON.')
  }
}

/** Reads a body of the API as this shape; throws the Failure that names each bad field. */
export async function bodyAs<T extends Parameters<typeof read>[0]>(
  c: Context,
  shape: T,
): Promise<Extract<ReturnType<typeof read<T>>, { value: unknown }>['value']> {
  return shaped(shape, jsonOf(c.req.raw, await bytesOf(c.req.raw, API_BYTES)))
}

const FORM_BYTES = 16 * 1024

/** The same, or a form of ours that a browser posts without any script; `ask` tells what its fields ask. */
export async function bodyOrForm<T extends Parameters<typeof read>[0]>(
  c: Context,
  shape: T,
  ask: (form: URLSearchParams) => unknown,
  max = FORM_BYTES,
): Promise<Extract<ReturnType<typeof read<T>>, { value: unknown }>['value']> {
  if (!isForm(c.req.raw)) return bodyAs(c, shape)
  return shaped(shape, ask(new URLSearchParams(decode(await bytesOf(c.req.raw, max)))))
}

export const isForm = ({ headers }: Request): boolean =>
  /^application\/x-www-form-urlencoded\b/i.test(headers.get('content-type') ?? '')

/** The value as its shape has it; throws `invalid` with all faults. */
export function shaped<T extends Parameters<typeof read>[0]>(
  shape: T,
  value: unknown,
): Extract<ReturnType<typeof read<T>>, { value: unknown }>['value'] {
  const result = read(shape, value)
  if ('faults' in result) {
    const [first] = result.faults
    throw new Failure(
      'invalid',
      first ? `${first.field || 'the body'}: ${first.detail}` : 'The body does not have the right form.',
      result.faults,
    )
  }
  return result.value
}

async function collect(stream: ReadableStream<Uint8Array>, max: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = stream.getReader()
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    size += next.value.length
    if (size > max) {
      await reader.cancel().catch(() => undefined)
      throw tooLarge(max)
    }
    chunks.push(next.value)
  }
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)
  } catch {
    throw new Failure('bad_request', 'The body is not UTF-8.')
  }
}

/** One pass before JSON.parse, which recurses. Brackets inside strings do not count. */
export function isTooDeep(text: string): boolean {
  let depth = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (inString) {
      if (code === 92) i++
      else if (code === 34) inString = false
    } else if (code === 34) inString = true
    else if (code === 123 || code === 91) {
      if (++depth > DEPTH) return true
    } else if (code === 125 || code === 93) depth--
  }
  return false
}

const tooLarge = (max: number): Failure => new Failure('too_large', `The body is larger than ${max} bytes.`)
