/**
 * Raw text in R2: one object per run, one per scan. The key holds the digest of what is inside, so that writing again
 * writes the same; it is written before the batch that names it, so that no row points to nothing.
 */
import { LIMITS } from '../../schema/wire.ts'
import { BUCKET_BUSY } from './db.ts'

/** tenant/scan/run/epoch/digest */
export const logKey = (tenantId: string, scanId: string, runId: string, epoch: number, digest: string): string =>
  [tenantId, scanId, runId, epoch, digest].join('/')
export const outputKey = (tenantId: string, scanId: string, digest: string): string =>
  [tenantId, scanId, 'output', digest].join('/')

/** The text written last: a scan's result is composed from the log that came with it, a moment ago. */
let last: { key: string; text: string } | null = null

export async function putText(raw: R2Bucket, key: string, text: string): Promise<void> {
  const packed = await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer()
  await raw
    .put(key, packed, {
      httpMetadata: { contentType: 'text/plain; charset=utf-8' },
      customMetadata: { packed: 'gzip' },
    })
    .catch(cannotServe)
  last = { key, text }
}

/** Every key is of its content, so whatever the bucket could not do may be tried again: `isBusy` knows these words. */
function cannotServe(): never {
  throw new Error(BUCKET_BUSY)
}

/** As a stream, so that a long output costs no memory; null when there is none. */
export async function openText(raw: R2Bucket, key: string): Promise<ReadableStream<Uint8Array> | null> {
  const object = await raw.get(key).catch(cannotServe)
  return object ? object.body.pipeThrough(new DecompressionStream('gzip')) : null
}

/** The whole text, or '' when there is none. */
export async function readText(raw: R2Bucket, key: string): Promise<string> {
  if (last?.key === key) return last.text
  const body = await openText(raw, key)
  return body ? (await new Response(body).text()).slice(0, 2 * LIMITS.outputBytes) : ''
}
