/**
 * A second opinion on Web Bot Auth, in a process of its own: reads one request (or directory answer) and the keys as JSON on
 * stdin, and asks the library of the draft's authors whether the signature holds. Prints `ok KEYID` or `no REASON`.
 */
import { verify as verifyMessage } from 'http-message-sig'
import { jwkToKeyID, verify } from 'web-bot-auth'
import { helpers, verifierFromJWK } from 'web-bot-auth/crypto'

interface Asked {
  kind: 'request' | 'directory'
  url: string
  method: string
  headers: Record<string, string>
  keys: JsonWebKey[]
}

const chunks: Buffer[] = []
for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
const asked = JSON.parse(Buffer.concat(chunks).toString()) as Asked

try {
  const byId = new Map<string, JsonWebKey>()
  for (const key of asked.keys) byId.set(await jwkToKeyID(key, helpers.WEBCRYPTO_SHA256, helpers.BASE64URL_DECODE), key)
  const check = async (data: string, signature: Uint8Array, { keyid }: { keyid?: string }): Promise<string> => {
    const key = byId.get(keyid ?? '')
    if (!key) throw new Error(`no key ${keyid}`)
    const verifier = await verifierFromJWK(key)
    await verifier(data, signature, {} as never)
    return keyid ?? ''
  }
  const { url, method, headers } = asked
  const keyid =
    asked.kind === 'request'
      ? await verify(new Request(url, { method, headers }), check)
      : await verifyMessage(
          { request: { method, url, headers: {} }, response: { status: 200, headers } } as never,
          check as never,
        )
  console.log(`ok ${String(keyid)}`)
} catch (error) {
  console.log(`no ${(error as Error).message}`)
}
