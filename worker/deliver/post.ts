/** The only place that speaks to the platforms of channels. */
import type { Answer } from '../notify/answer.ts'
import type { Request as Wanted } from '../notify/channel.ts'

/** No answer: why, in words without address or secret. */
export interface NoAnswer {
  fault: string
}
export type Post = (request: Wanted) => Promise<Answer | NoAnswer>

export const LIMIT_MS = 15_000
/** As much of an answer as is read. */
const MAX_BYTES = 64 * 1024

/** By which the embedded host's way out says why there is no answer. */
const FAULT = 'x-portwitness-fault'

/**
 * One request, one answer: no redirect is followed, nothing takes longer than `limitMs`, no more is read than needed.
 * `way`: the embedded host's way out, which connects to no address that it has not looked at.
 */
export async function post(
  request: Wanted,
  limitMs: number = LIMIT_MS,
  way: Fetcher | null = null,
): Promise<Answer | NoAnswer> {
  const signal = AbortSignal.timeout(limitMs)
  try {
    const { method, url, headers, body } = request
    const init = { method, headers, body, redirect: 'manual', signal } as const
    const answer = await (way ? way.fetch(url, init) : fetch(url, init))
    const fault = way ? answer.headers.get(FAULT) : null
    if (fault !== null) return { fault }
    return {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: await beginning(answer, signal),
    }
  } catch {
    return { fault: signal.aborted ? `no answer within ${Math.round(limitMs / 1_000)} s` : 'the connection failed' }
  }
}

/** A body that never ends, or that breaks off, still had a beginning. */
async function beginning(answer: Response, signal: AbortSignal): Promise<string> {
  const reader = answer.body?.getReader()
  if (!reader) return ''
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  const stop = () => void reader.cancel().catch(() => undefined)
  signal.addEventListener('abort', stop)
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const room = MAX_BYTES - size
      text += decoder.decode(next.value.subarray(0, room), { stream: true })
      size += next.value.length
      if (size >= MAX_BYTES) break
    }
  } catch {
    // What came so far is what there is.
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
  }
  return text
}
