/** How a probe signs what it asks, and what the Worker holds against it. */

/** Headers of a signed probe request. The signature covers `canonicalRequest()`. */
export const SIGNATURE_HEADERS = {
  probe: 'x-portwitness-probe',
  time: 'x-portwitness-time',
  nonce: 'x-portwitness-nonce',
  signature: 'x-portwitness-signature',
} as const
/** What a probe signs with Ed25519: one line each, joined with "\n". `bodySha256` is lower-case hex ('' hashes too). */
export const canonicalRequest = (
  method: string,
  path: string,
  probeId: string,
  time: string,
  nonce: string,
  bodySha256: string,
) => ['portwitness-1', method.toUpperCase(), path, probeId, time, nonce, bodySha256].join('\n')
/** A request's time may differ from the Worker's by this much. */
export const SKEW_MS = 60_000
