import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { keyFault, publicKeyOf, signedContent, signedHeaders } from '../../worker/notify/signing.ts'

const ID = 'ntc_5Tg7Hy2Jk9Lp0Qw3Er6Z'
const BODY = '{"type":"issue.opened","data":{"title":"Ä 字 😀"}}'
const hmacKey = (byte: number, length = 32) => `whsec_${Buffer.alloc(length, byte).toString('base64')}`

/** A key as openssl makes it, in our form and in its own. */
function ed25519() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32)
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  return {
    secret: `whsk_${seed.toString('base64')}`,
    long: `whsk_${Buffer.concat([seed, raw]).toString('base64')}`,
    public: `whpk_${raw.toString('base64')}`,
    pem: publicKey.export({ format: 'pem', type: 'spki' }) as string,
  }
}

/** What `openssl pkeyutl` says of a signature. */
function opensslTakes(pem: string, content: string, signature: string): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'portwitness-sign-'))
  try {
    const at = (name: string) => join(folder, name)
    writeFileSync(at('key.pem'), pem)
    writeFileSync(at('content'), content)
    writeFileSync(at('signature'), Buffer.from(signature, 'base64'))
    const options = ['-verify', '-pubin', '-inkey', at('key.pem'), '-rawin', '-in', at('content')]
    execFileSync('openssl', ['pkeyutl', ...options, '-sigfile', at('signature')], { stdio: 'ignore' })
    return true
  } catch {
    return false
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('a webhook is signed per Standard Webhooks', () => {
  test('v1: the official library takes it, and nothing that was changed', async () => {
    const headers = await signedHeaders(ID, Date.now(), BODY, [hmacKey(7)])
    const hook = new Webhook(hmacKey(7))
    expect(hook.verify(BODY, headers)).toEqual(JSON.parse(BODY))
    expect(() => hook.verify(`${BODY} `, headers)).toThrow()
    expect(() => hook.verify(BODY, { ...headers, 'webhook-id': 'ntc_other' })).toThrow()
    expect(() => new Webhook(hmacKey(8)).verify(BODY, headers)).toThrow()
  })

  test('an attempt of long ago is not taken for one of now', async () => {
    const headers = await signedHeaders(ID, Date.now() - 10 * 60_000, BODY, [hmacKey(7)])
    expect(() => new Webhook(hmacKey(7)).verify(BODY, headers)).toThrow(/too old/)
  })

  test('v1a: openssl takes it, of a seed and of seed and public key, and nothing that was changed', async () => {
    const key = ed25519()
    const at = Date.now()
    for (const secret of [key.secret, key.long]) {
      const headers = await signedHeaders(ID, at, BODY, [secret])
      const [version, signature = ''] = (headers['webhook-signature'] ?? '').split(',')
      expect(version).toBe('v1a')
      expect(opensslTakes(key.pem, signedContent(ID, at, BODY), signature)).toBe(true)
      expect(opensslTakes(key.pem, signedContent(ID, at + 1_000, BODY), signature)).toBe(false)
      expect(opensslTakes(ed25519().pem, signedContent(ID, at, BODY), signature)).toBe(false)
    }
    expect(await publicKeyOf(key.secret)).toBe(key.public)
    expect(await publicKeyOf(hmacKey(7))).toBeNull()
  })

  test('while a key is replaced both sign, so that a receiver that knows either takes it', async () => {
    const [old, young] = [ed25519(), ed25519()]
    const at = Date.now()
    const headers = await signedHeaders(ID, at, BODY, [hmacKey(2), hmacKey(1), young.secret, old.secret])
    const signatures = (headers['webhook-signature'] ?? '').split(' ')
    expect(signatures.map((one) => one.split(',')[0])).toEqual(['v1', 'v1', 'v1a', 'v1a'])
    for (const byte of [1, 2]) expect(new Webhook(hmacKey(byte)).verify(BODY, headers)).toBeTruthy()
    expect(() => new Webhook(hmacKey(3)).verify(BODY, headers)).toThrow()
    const content = signedContent(ID, at, BODY)
    expect(opensslTakes(young.pem, content, signatures[2]?.split(',')[1] ?? '')).toBe(true)
    expect(opensslTakes(old.pem, content, signatures[3]?.split(',')[1] ?? '')).toBe(true)
  })

  test('a key that is none is told so, and signs nothing', async () => {
    expect(keyFault(hmacKey(7, 24))).toBeNull()
    expect(keyFault(hmacKey(7, 64))).toBeNull()
    expect(keyFault(ed25519().secret)).toBeNull()
    const wrong = [
      hmacKey(7, 23),
      hmacKey(7, 65),
      'whsec_',
      'whsec_%%%',
      'secret',
      `whsk_${'AAAA'.repeat(5)}`,
      'whpk_AAAA',
    ]
    for (const secret of wrong) {
      expect(keyFault(secret), secret).not.toBeNull()
      await expect(signedHeaders(ID, 0, BODY, [secret])).rejects.toThrow()
      if (secret.length > 10) expect(keyFault(secret)).not.toContain(secret)
    }
  })
})
