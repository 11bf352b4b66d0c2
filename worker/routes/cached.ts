/** What anybody may fetch and keep: a strong ETag over the bytes, the time of the last change, and 304 for who has it already. */
import { sha256 } from '../secrets.ts'

export interface Kept {
  type: string
  /** ms; null when it is not known */
  changedAt?: number | null
  /** for an hour unless said; `ever`: it will never say anything else; `asking`: each use asks whether it is the same still */
  keep?: keyof typeof KEEP
  headers?: Readonly<Record<string, string>>
}

const KEEP = {
  minute: 'public, max-age=60',
  hour: 'public, max-age=3600',
  ever: 'public, max-age=31536000, immutable',
  asking: 'public, no-cache',
} as const
const encoder = new TextEncoder()

export async function cached(
  request: Request,
  body: string | Uint8Array<ArrayBuffer>,
  { type, changedAt = null, keep = 'hour', headers: more = {} }: Kept,
): Promise<Response> {
  const bytes = typeof body === 'string' ? (encoder.encode(body) as Uint8Array<ArrayBuffer>) : body
  const etag = `"${(await sha256(bytes)).slice(0, 32)}"`
  const headers: Record<string, string> = {
    etag,
    'cache-control': KEEP[keep],
    'content-type': type,
    'x-content-type-options': 'nosniff',
    // Public to everybody: a dashboard elsewhere may read it too.
    'access-control-allow-origin': '*',
    'access-control-expose-headers': ['etag', 'last-modified', ...Object.keys(more)].join(', '),
    ...(changedAt === null ? {} : { 'last-modified': new Date(changedAt).toUTCString() }),
    ...more,
  }
  return isKnown(request, etag, changedAt)
    ? new Response(null, { status: 304, headers })
    : new Response(bytes, { headers })
}

/** RFC 9110, 13.2.2: the time counts only where no ETag is asked for. Its resolution is a second. */
function isKnown(request: Request, etag: string, changedAt: number | null): boolean {
  const asked = request.headers.get('if-none-match')
  if (asked !== null) {
    const known = asked.split(',').map((one) => one.trim().replace(/^W\//, ''))
    return known.includes(etag) || known.includes('*')
  }
  const since = Date.parse(request.headers.get('if-modified-since') ?? '')
  return changedAt !== null && Math.floor(changedAt / 1_000) * 1_000 <= since
}
