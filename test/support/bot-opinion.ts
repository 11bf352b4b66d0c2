import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface Opinion {
  kind: 'request' | 'directory'
  url: string
  method?: string
  headers: Record<string, string>
  keys: readonly object[]
}

const SCRIPT = fileURLToPath(new URL('./verify-bot.ts', import.meta.url))

/** What the library of the draft's authors says, in a process of its own: `ok KEYID` or `no REASON`. */
export async function botOpinion(asked: Opinion): Promise<string> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', SCRIPT], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', (bytes: Buffer) => {
    said += bytes
  })
  child.stdin.end(JSON.stringify({ method: 'GET', ...asked }))
  await once(child, 'close')
  return said.trim()
}

/** The last request in what a listener received: its line, and its headers in lower case. */
export function lastRequest(received: string): { line: string; headers: Record<string, string> } {
  const text = received.split('\r\n\r\n').filter(Boolean).at(-1) ?? ''
  const [line = '', ...rest] = text.split('\r\n')
  const headers = rest.map((one) => [
    one.slice(0, one.indexOf(':')).toLowerCase(),
    one.slice(one.indexOf(':') + 1).trim(),
  ])
  return { line, headers: Object.fromEntries(headers) as Record<string, string> }
}

/** A raw Ed25519 key in base64, as a JWK. */
export const jwkOf = (publicKey: string): object => ({
  kty: 'OKP',
  crv: 'Ed25519',
  x: Buffer.from(publicKey, 'base64').toString('base64url'),
})
