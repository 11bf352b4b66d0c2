import { printable } from '../../schema/terminal.ts'
import { CommandFailure, EXIT } from './command.ts'

/** The public API as the commands use it. Paths begin with `/`. Every call throws a CommandFailure unless it succeeds. */
export interface Api {
  url: string
  get<T>(path: string, signal?: AbortSignal): Promise<T>
  send<T>(method: 'POST' | 'PUT' | 'PATCH', path: string, body: unknown): Promise<T>
  /** the answer as text, for downloads */
  text(path: string): Promise<string>
  /** an open event stream */
  stream(path: string, lastEventId: string | null, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>
}

/** A call that got no answer at all, or "busy": worth trying again, unlike a refusal. */
export class NoAnswer extends CommandFailure {}

const TIMEOUT_MS = 20_000

export function openApi({ url, key }: { url: string; key: string }): Api {
  const call = async (
    path: string,
    init: RequestInit = {},
    timeoutMs: number | null = TIMEOUT_MS,
  ): Promise<Response> => {
    const signals = [init.signal, timeoutMs === null ? null : AbortSignal.timeout(timeoutMs)].filter((s) => s != null)
    let answer: Response
    try {
      answer = await fetch(`${url}${path}`, {
        ...init,
        redirect: 'error',
        signal: AbortSignal.any(signals),
        headers: {
          ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
          accept: 'application/json',
          ...init.headers,
        },
      })
    } catch (error) {
      if (init.signal?.aborted) throw error
      throw new NoAnswer(EXIT.failed, `No answer from ${url} (${reasonOf(error)}).`)
    }
    if (!answer.ok) throw await failureOf(answer)
    return answer
  }
  return {
    url,
    get: async <T>(path: string, signal?: AbortSignal) => (await (await call(path, { signal })).json()) as T,
    send: async <T>(method: string, path: string, body: unknown) => {
      const headers = { 'content-type': 'application/json' }
      const text = await (await call(path, { method, headers, body: JSON.stringify(body) })).text()
      return (text === '' ? null : JSON.parse(text)) as T
    },
    text: async (path) => (await call(path, { headers: { accept: '*/*' } })).text(),
    stream: async (path, lastEventId, signal) => {
      const headers: Record<string, string> = { accept: 'text/event-stream' }
      if (lastEventId !== null) headers['last-event-id'] = lastEventId
      const { body } = await call(path, { headers, signal }, null)
      if (!body) throw new NoAnswer(EXIT.failed, `No answer from ${url} (empty stream).`)
      return body
    },
  }
}

interface Problem {
  title?: string
  detail?: string
  code?: string
  errors?: { field?: string; detail?: string }[]
}

/** What the Worker answered, in one line that names the field, and the exit code that fits. */
async function failureOf(answer: Response): Promise<CommandFailure> {
  const text = await answer.text().catch(() => '')
  const problem = parseProblem(text)
  const fields = (problem.errors ?? []).map(({ field, detail }) => `${field ? `${field}: ` : ''}${detail ?? ''}`)
  const said = fields.length > 0 ? fields.join('; ') : (problem.detail ?? problem.title ?? `status ${answer.status}`)
  const message = printable(said, 500)
  if (answer.status === 502 || answer.status === 503) return new NoAnswer(EXIT.failed, `The Worker is busy: ${message}`)
  if (answer.status === 401) return new CommandFailure(EXIT.refused, `The Worker does not accept this key: ${message}`)
  if (problem.code === 'invalid' || answer.status === 400) return new CommandFailure(EXIT.usage, message)
  if ([403, 409, 410, 422, 429].includes(answer.status)) return new CommandFailure(EXIT.refused, `Refused: ${message}`)
  return new CommandFailure(EXIT.failed, message)
}

function parseProblem(text: string): Problem {
  try {
    return JSON.parse(text) as Problem
  } catch {
    return {}
  }
}

/** fetch says "fetch failed" and hides the reason in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause as { code?: string; message?: string } | undefined) : undefined
  if (cause?.code === 'ECONNREFUSED') return 'nothing listens there'
  if (error instanceof Error && error.name === 'TimeoutError') return `none within ${TIMEOUT_MS / 1000} s`
  return printable(cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : String(error)), 100)
}
