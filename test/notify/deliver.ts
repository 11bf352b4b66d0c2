/** Sends a request as it is, once: what a sender does without its patience. */
import type { Answer } from '../../worker/notify/answer.ts'
import type { Request } from '../../worker/notify/channel.ts'
import { signedHeaders } from '../../worker/notify/signing.ts'

export async function deliver(
  id: string,
  request: Request,
  secrets: readonly string[],
  at = Date.now(),
): Promise<Answer> {
  const signed = request.isSigned ? await signedHeaders(id, at, request.body, secrets) : {}
  const response = await fetch(request.url, {
    method: request.method,
    headers: { ...request.headers, ...signed },
    body: request.body,
    redirect: 'manual',
  })
  return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() }
}
