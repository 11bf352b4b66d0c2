/** The raw scanner output: the plain text log of a scan run, for people. All bytes of a target pass through `printable`. */
import { printable } from '../schema/terminal.ts'
import { LIMITS } from '../schema/wire.ts'

export const SECTIONS = [
  'Target',
  'Discovery',
  'Services',
  'Engagement',
  'Watch',
  'Alarms',
  'Open Port Re-check',
] as const
export type Section = (typeof SECTIONS)[number]

export interface Output {
  line(section: Section, text: string): void
  /** The whole text, within the limit of the wire. */
  text(): string
}

/** What each section may hold; Engagement is the long one. Their sum stays below the limit of a result. */
const SHARE: Record<Section, number> = {
  Target: 0.02,
  Discovery: 0.08,
  Services: 0.12,
  Engagement: 0.42,
  Watch: 0.14,
  Alarms: 0.06,
  'Open Port Re-check': 0.12,
}
const LINE_MAX = 600

export function createOutput(limitBytes: number = LIMITS.outputBytes): Output {
  const sections = new Map(SECTIONS.map((name) => [name, { lines: [] as string[], bytes: 0, cut: 0 }]))
  return {
    line(section, text) {
      const kept = sections.get(section) as { lines: string[]; bytes: number; cut: number }
      const line = printable(text, LINE_MAX)
      const bytes = Buffer.byteLength(line) + 3
      if (kept.bytes + bytes > SHARE[section] * limitBytes) {
        kept.cut += 1
        return
      }
      kept.lines.push(line)
      kept.bytes += bytes
    },
    text() {
      const parts = ['Portwitness raw scanner output', '']
      for (const [name, { lines, cut }] of sections) {
        parts.push(name, '-'.repeat(name.length))
        parts.push(...(lines.length > 0 ? lines.map((line) => `  ${line}`) : ['  (nothing)']))
        if (cut > 0)
          parts.push(`  … cut here: ${cut} more ${cut === 1 ? 'line' : 'lines'} did not fit into this section`)
        parts.push('')
      }
      return parts.join('\n')
    },
  }
}

/** `14:03:07.123Z` */
export const clockTime = (ms: number): string => new Date(ms).toISOString().slice(11)
/** `14:03:07Z` */
export const shortTime = (ms: number): string => `${new Date(ms).toISOString().slice(11, 19)}Z`

/** `203.0.113.9 22/tcp`, `[2001:db8::1] 22/tcp` */
export const endpointText = ({ address, port }: { address: string; port: number }): string =>
  `${address.includes(':') ? `[${address}]` : address} ${port}/tcp`

/** What a touch saw, in a few words: `closed (ECONNREFUSED after 1 ms)`. */
export function sightText(seen: {
  sight: string
  code?: string
  afterMs: number
  httpStatus?: number
  firstBytes?: string
}): string {
  const details = [seen.code, seen.httpStatus ? `HTTP ${seen.httpStatus}` : undefined].filter(Boolean).join(', ')
  const bytes =
    seen.firstBytes && seen.httpStatus === undefined ? `: ${printable(Buffer.from(seen.firstBytes, 'base64'), 80)}` : ''
  return `${seen.sight} (${details ? `${details} ` : ''}after ${seen.afterMs} ms)${bytes}`
}
