import type { IncomingMessage } from 'node:http'
import { printable } from '../../schema/terminal.ts'
import { httpFor } from '../http.ts'
import { CommandFailure, EXIT } from './command.ts'

/** The public API as the commands use it. Paths begin with `/`. Every call throws a CommandFailure unless it succeeds. */
export interface Api {
  url: string
  get<T>(path: string, signal?: AbortSignal): Promise<T>
  send<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body: unknown): Promise<T>
  /** the answer as text, for downloads */
  text(path: string): Promise<string>
  /** the same as it comes, and the way back */
  bytes(path: string): Promise<Buffer>
  put(path: string, body: Buffer): Promise<void>
  /** an open event stream */
  stream(path: string, lastEventId: string | null, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>
}

/** A call that got no answer at all, or "busy": worth trying again, unlike a refusal. */
export class NoAnswer extends CommandFailure {}

const TIMEOUT_MS = 20_000
const MAX_ANSWER = 64 * 1024 * 1024

interface Call {
  method?: string
  headers?: Record<string, string>
  body?: string | Buffer
  signal?: AbortSignal | undefined
}

export function openApi({ url, key }: { url: string; key: string }): Api {
  const own = httpFor(new URL(url))
  // workerd drops an idle connection after 5 s; leaving first avoids sending into one that is just closing.
  const agent = new own.Agent({ keepAlive: true, timeout: 4_000 })

  /** The answer with its body still to come, once it is known to be a success. */
  async function call(path: string, { method = 'GET', headers, body, signal }: Call, limit: AbortSignal) {
    let answer: IncomingMessage
    try {
      answer = await new Promise<IncomingMessage>((resolve, reject) => {
        own
          .request(`${url}${path}`, {
            agent,
            method,
            signal: signal ? AbortSignal.any([signal, limit]) : limit,
            headers: {
              ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
              accept: 'application/json',
              ...(body === undefined ? {} : { 'content-length': `${Buffer.byteLength(body)}` }),
              ...headers,
            },
          })
          .on('response', resolve)
          .on('error', reject)
          .end(body)
      })
    } catch (error) {
      throw signal?.aborted ? error : noAnswer(error, limit)
    }
    const status = answer.statusCode ?? 0
    if (status < 200 || status > 299) throw failureOf(status, await textOf(answer).catch(() => ''))
    return answer
  }
  /** The whole answer. */
  async function bytes(path: string, options: Call = {}): Promise<Buffer> {
    const limit = AbortSignal.timeout(TIMEOUT_MS)
    const answer = await call(path, options, limit)
    return bytesOf(answer).catch((error: unknown) => {
      throw options.signal?.aborted ? error : noAnswer(error, limit)
    })
  }
  const text = async (path: string, options: Call = {}) => (await bytes(path, options)).toString('utf8')
  const noAnswer = (error: unknown, limit: AbortSignal) =>
    new NoAnswer(EXIT.failed, `No answer from ${url} (${limit.aborted ? LATE : reasonOf(error)}).`)

  return {
    url,
    get: async <T>(path: string, signal?: AbortSignal) => JSON.parse(await text(path, { signal })) as T,
    send: async <T>(method: string, path: string, body: unknown) => {
      const headers = { 'content-type': 'application/json' }
      const said = await text(path, { method, headers, body: JSON.stringify(body) })
      return (said === '' ? null : JSON.parse(said)) as T
    },
    text: (path) => text(path, { headers: { accept: '*/*' } }),
    bytes: (path) => bytes(path, { headers: { accept: '*/*' } }),
    put: async (path, body) => {
      await bytes(path, { method: 'PUT', headers: { 'content-type': 'application/octet-stream' }, body })
    },
    stream: (path, lastEventId, signal) => {
      const headers: Record<string, string> = { accept: 'text/event-stream' }
      if (lastEventId !== null) headers['last-event-id'] = lastEventId
      return call(path, { headers, signal }, new AbortController().signal)
    },
  }
}

const LATE = `none within ${TIMEOUT_MS / 1000} s`

const textOf = async (answer: IncomingMessage): Promise<string> => (await bytesOf(answer)).toString('utf8')

async function bytesOf(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_ANSWER) throw new Error('the answer is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

interface Problem {
  title?: string
  detail?: string
  code?: string
  errors?: { field?: string; detail?: string }[]
}

/** What the Worker answered, in one line that names the field, and the exit code that fits. */
function failureOf(status: number, text: string): CommandFailure {
  const problem = parseProblem(text)
  const fields = (problem.errors ?? []).map(({ field, detail }) => `${field ? `${field}: ` : ''}${detail ?? ''}`)
  const said = fields.length > 0 ? fields.join('; ') : (problem.detail ?? problem.title ?? `status ${status}`)
  const message = sentence(printable(said, 500))
  if (status === 502 || status === 503) return new NoAnswer(EXIT.failed, `The Worker is busy: ${message}`)
  if (status === 401) return new CommandFailure(EXIT.refused, `The Worker does not accept this key: ${message}`)
  if (problem.code === 'invalid' || status === 400) return new CommandFailure(EXIT.usage, message)
  if ([403, 409, 410, 422, 429].includes(status)) return new CommandFailure(EXIT.refused, `Refused: ${message}`)
  return new CommandFailure(EXIT.failed, message)
}

const sentence = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`)

function parseProblem(text: string): Problem {
  try {
    return JSON.parse(text) as Problem
  } catch {
    return {}
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string }
  return code === 'ECONNREFUSED' ? 'nothing listens there' : printable(code ?? message ?? String(error), 100)
}
