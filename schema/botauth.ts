/**
 * Web Bot Auth: HTTP Message Signatures (RFC 9421) with Ed25519, as draft-ietf-webbotauth-httpsig-protocol has them. Pure text;
 * who signs and who hashes is told by the caller. The only place that knows the draft.
 */

export const PROOF_HEADER = 'Portwitness-Proof'
export const DIRECTORY_PATH = '/.well-known/http-message-signatures-directory'
export const DIRECTORY_TYPE = 'application/http-message-signatures-directory+json'
const REQUEST_TAG = 'web-bot-auth'
const DIRECTORY_TAG = 'http-message-signatures-directory'

/** What an RFC 7638 thumbprint of an Ed25519 key (RFC 8037) is the SHA-256 of. `x` is the raw key, base64url. */
export const thumbprintText = (x: string): string => `{"crv":"Ed25519","kty":"OKP","x":"${x}"}`

/** Raw key or digest: base64 to base64url without padding. */
export const base64url = (base64: string): string =>
  base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

export interface Signing {
  /** JWK thumbprint, base64url */
  keyid: string
  /** seconds since 1970 */
  created: number
  expires: number
}

/** What is signed, and its parameters as they stand in `Signature-Input` after the label. */
export interface ToSign {
  base: string
  input: string
}

/** Of a request to `authority` that says where its keys are listed (`agent`, an origin). `nonce` is 64 bytes, base64. */
export function requestToSign(
  authority: string,
  agent: string,
  { keyid, created, expires }: Signing,
  nonce: string,
): ToSign {
  const input = `("@authority" "signature-agent");created=${created};keyid="${keyid}";alg="ed25519";expires=${expires};nonce="${nonce}";tag="${REQUEST_TAG}"`
  return { base: `"@authority": ${authority}\n"signature-agent": "${agent}"\n"@signature-params": ${input}`, input }
}

/** Of an answer with the key directory, asked for at `authority`: whoever lists a key shows that he has it. */
export function directoryToSign(authority: string, { keyid, created, expires }: Signing): ToSign {
  const input = `("@authority";req);created=${created};keyid="${keyid}";alg="ed25519";expires=${expires};tag="${DIRECTORY_TAG}"`
  return { base: `"@authority";req: ${authority}\n"@signature-params": ${input}`, input }
}

/** The header lines of a signed request, after the User-Agent. */
export const requestLines = (agent: string, input: string, signature: string): string[] => [
  `Signature-Agent: "${agent}"`,
  `Signature-Input: sig1=${input}`,
  `Signature: sig1=:${signature}:`,
]

/** The authority of an origin, as a verifier reads it: lower case, without the port of its scheme. */
export const authorityOf = (origin: string): string => /^https?:\/\/([^/?#]+)/i.exec(origin)?.[1]?.toLowerCase() ?? ''
