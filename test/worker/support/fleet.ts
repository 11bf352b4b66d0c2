/** A fleet of probes that speak the real protocol with real signatures, over whatever door leads to the Worker. */
import { canonicalRequest, SIGNATURE_HEADERS } from '../../../schema/signed.ts'
import type { LeaseAnswer } from '../../../schema/wire.ts'

export interface Answer<T> {
  status: number
  body: T
  headers: Headers
}
export interface Door {
  /** any request, as the platform would hand it over */
  fetch(path: string, init?: RequestInit): Promise<Response>
  /** the public API with a key; the bootstrap key unless said */
  api<T = Record<string, never>>(method: string, path: string, body?: unknown, key?: string): Promise<Answer<T>>
}

export interface Probe {
  id: string
  site: string
  sourceAddress: string
  /** a signed message */
  say<T = Record<string, unknown>>(path: string, body: unknown, tweak?: Partial<Tweak>): Promise<Answer<T>>
  lease(more?: object): Promise<LeaseAnswer>
  /** dials the doorbell */
  bell(): Promise<Response>
}
export interface Tweak {
  from: string
  time: number
  sign: (signature: string) => string
  headers: Record<string, string>
  raw: BodyInit
}

const FLEET = [
  { site: 'fra-1', sourceAddress: '127.0.1.1', country: 'DE', provider: 'Hetz' },
  { site: 'fra-1', sourceAddress: '127.0.1.2', country: 'DE', provider: 'Hetz' },
  { site: 'nyc-1', sourceAddress: '127.0.2.1', country: 'US', provider: 'Dig' },
  { site: 'sgp-1', sourceAddress: '127.0.3.1', country: 'SG', provider: 'Vul' },
  { site: 'sao-1', sourceAddress: '127.0.4.1', country: 'BR', provider: 'Lin' },
] as const

/** Enrols five probes on four sites; the first two share one. */
export const openFleet = async (door: Door, fleet: readonly (typeof FLEET)[number][] = FLEET): Promise<Probe[]> => {
  const probes: Probe[] = []
  for (const one of fleet) probes.push(await enrolProbe(door, one))
  return probes
}

const hex = (bytes: ArrayBuffer): string =>
  [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
const base64 = (bytes: ArrayBuffer): string => btoa(String.fromCharCode(...new Uint8Array(bytes)))

export async function enrolProbe(
  door: Door,
  wish: { site: string; sourceAddress: string; country?: string; provider?: string },
): Promise<Probe> {
  const { body: enrolment } = await door.api<{ token: string }>('POST', '/probes/enrolments', wish)
  const pair = (await crypto.subtle.generateKey({ name: 'Ed25519' }, true, ['sign', 'verify'])) as CryptoKeyPair
  const publicKey = base64((await crypto.subtle.exportKey('raw', pair.publicKey)) as ArrayBuffer)
  const answer = await door.fetch('/probe/v1/enrol', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'cf-connecting-ip': wish.sourceAddress },
    body: JSON.stringify({
      wire: 1,
      token: enrolment.token,
      publicKey,
      sourceAddress: wish.sourceAddress,
      allowPrivate: true,
      agent: 'test',
    }),
  })
  if (answer.status !== 200) throw new Error(`enrolment was answered ${answer.status}: ${await answer.text()}`)
  const { probeId } = (await answer.json()) as { probeId: string }

  const signedHeaders = async (method: string, path: string, bytes: Uint8Array<ArrayBuffer>, tweak: Partial<Tweak>) => {
    const time = String(tweak.time ?? Date.now())
    const nonce = crypto.randomUUID()
    const digest = hex(await crypto.subtle.digest('SHA-256', bytes))
    const text = canonicalRequest(method, `/probe/v1/${path}`, probeId, time, nonce, digest)
    const signature = base64(await crypto.subtle.sign('Ed25519', pair.privateKey, new TextEncoder().encode(text)))
    const headers: Record<string, string> = {
      'cf-connecting-ip': tweak.from ?? wish.sourceAddress,
      [SIGNATURE_HEADERS.probe]: probeId,
      [SIGNATURE_HEADERS.time]: time,
      [SIGNATURE_HEADERS.nonce]: nonce,
      [SIGNATURE_HEADERS.signature]: tweak.sign?.(signature) ?? signature,
      ...tweak.headers,
    }
    return { headers }
  }
  const say = async <T>(path: string, body: unknown, tweak: Partial<Tweak> = {}): Promise<Answer<T>> => {
    const bytes = new Uint8Array(await new Response(tweak.raw ?? JSON.stringify(body)).arrayBuffer())
    const { headers } = await signedHeaders('POST', path, bytes, tweak)
    const reply = await door.fetch(`/probe/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: bytes,
    })
    return { status: reply.status, headers: reply.headers, body: (await reply.json()) as T }
  }
  const lease = async (more: object = {}): Promise<LeaseAnswer> => {
    const health = { agent: 'test', fit: true, reasons: [], lagMs: 0, spooled: 0 }
    const capacity = { scan: 1, short: 8, baseline: 6 }
    const { status, body } = await say<LeaseAnswer>('lease', {
      wire: 1,
      capacity,
      holding: [],
      allowPrivate: true,
      health,
      ...more,
    })
    if (status !== 200) throw new Error(`lease was answered ${status}: ${JSON.stringify(body)}`)
    return body
  }
  const bell = async (): Promise<Response> => {
    const { headers } = await signedHeaders('GET', 'doorbell', new Uint8Array(), {})
    return door.fetch('/probe/v1/doorbell', { headers: { ...headers, upgrade: 'websocket' } })
  }
  return { id: probeId, site: wish.site, sourceAddress: wish.sourceAddress, say, lease, bell }
}
