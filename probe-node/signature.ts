import { createHash, randomBytes } from 'node:crypto'
import { canonicalRequest, SIGNATURE_HEADERS } from '../schema/signed.ts'
import type { Clock } from './clock.ts'
import type { Identity } from './identity.ts'

/** The headers that say who asks and that nothing was changed. Each call makes a new nonce. */
export function signatureHeaders(
  identity: Identity,
  clock: Clock,
  method: string,
  path: string,
  body: string,
): Record<string, string> {
  const time = String(clock.now())
  const nonce = randomBytes(18).toString('base64url')
  const digest = createHash('sha256').update(body).digest('hex')
  return {
    [SIGNATURE_HEADERS.probe]: identity.probeId ?? '',
    [SIGNATURE_HEADERS.time]: time,
    [SIGNATURE_HEADERS.nonce]: nonce,
    [SIGNATURE_HEADERS.signature]: identity.sign(
      canonicalRequest(method, path, identity.probeId ?? '', time, nonce, digest),
    ),
  }
}
