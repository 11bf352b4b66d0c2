/**
 * The audit log: one line for each call that changes something. Every line carries the hash of the one before it, so that
 * a changed, removed or reordered line shows to whoever has the export; the hash of the last line, noted elsewhere, also
 * shows a log that was cut short or written anew as a whole.
 */
import * as v from 'valibot'

// The globals that workerd and Node share; schema is compiled without any host's types.
declare const crypto: {
  subtle: { digest(algorithm: 'SHA-256', data: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> }
}
declare const TextEncoder: new () => { encode(text: string): Uint8Array<ArrayBuffer> }

const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits'))

/** A line as the API answers it and as it is exported. */
export const AuditLine = v.object({
  tenantId: v.string(),
  /** counts by one from 1 */
  seq: v.pipe(v.number(), v.integer(), v.minValue(1)),
  at: v.pipe(v.string(), v.isoTimestamp()),
  /** `key:ID`, `session:ID` of its key, `access:EMAIL`, `probe:ID`, `token:HINT` or `line` */
  actor: v.string(),
  /** method and route: `DELETE /api/v1/keys/:id` */
  deed: v.string(),
  /** the id that the path names, or else of what was made; null where it names none that the tenant has, and nothing was made */
  subject: v.nullable(v.string()),
  /** SHA-256 of the subject's row before; null where there was none */
  before: v.nullable(v.string()),
  /** SHA-256 of the body as sent */
  asked: v.string(),
  /** `hash` of the line before; '' of the first */
  prev: v.union([v.literal(''), hash]),
  hash,
})
export type AuditLine = v.InferOutput<typeof AuditLine>
/** The end of a log: what to note elsewhere. */
export const AuditHead = v.object({ seq: v.number(), hash: v.string() })
export type AuditHead = v.InferOutput<typeof AuditHead>

/** The hash of a line: SHA-256 of its fields, in this order, as JSON. */
export async function auditHash(line: Omit<AuditLine, 'hash'>): Promise<string> {
  const { tenantId, seq, at, actor, deed, subject, before, asked, prev } = line
  const text = JSON.stringify([tenantId, seq, at, actor, deed, subject, before, asked, prev])
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Checks a log line by line, in the order in which it is given. */
export interface AuditCheck {
  /** Null while all is well; else what is wrong, in one sentence that names the line. */
  take(text: string): Promise<string | null>
  /** What is wrong with the end, when the head is known. */
  end(head: AuditHead | null): string | null
  readonly count: number
  /** the first line's number: above 1 when older ones were given up by retention */
  readonly first: number | null
  readonly last: AuditHead | null
}

/** `kept`: the line before the first, where it is known (the end that was noted at an earlier check). */
export function checkAudit(kept: AuditHead | null = null): AuditCheck {
  let count = 0
  let first: number | null = null
  let last: AuditHead | null = kept
  let tenantId: string | null = null
  return {
    get count() {
      return count
    },
    get first() {
      return first
    },
    get last() {
      return last
    },
    async take(text) {
      count += 1
      const where = `line ${count} of the file`
      const read = v.safeParse(AuditLine, parsed(text))
      if (!read.success) return `${where} is no line of an audit log.`
      const line = read.output
      const name = `${where} (seq ${line.seq})`
      if (tenantId !== null && line.tenantId !== tenantId) return `${name} is of another tenant.`
      tenantId = line.tenantId
      first ??= line.seq
      if (last !== null && line.seq !== last.seq + 1)
        return line.seq > last.seq
          ? `${name}: ${line.seq - last.seq - 1} before it ${line.seq - last.seq === 2 ? 'is' : 'are'} missing (after seq ${last.seq}).`
          : `${name} is out of order or there twice: it follows seq ${last.seq}.`
      if (line.hash !== (await auditHash(line))) return `${name} was changed: its hash does not fit what it says.`
      const prev = last?.hash ?? (line.seq === 1 ? '' : null)
      if (prev !== null && line.prev !== prev) return `${name} does not follow from the line before it.`
      last = { seq: line.seq, hash: line.hash }
      return null
    },
    end(head) {
      if (head === null || head.seq === 0) return null
      if (last === null || last.seq < head.seq)
        return `the log ends at seq ${last?.seq ?? 0}, where ${head.seq} is known.`
      if (last.seq === head.seq && last.hash !== head.hash) return `seq ${head.seq} is not the line that is known.`
      return null
    },
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
