/** Which formats fit an issue, best first. */
import type { PortVerdict } from '../../schema/judgement.ts'
import { FORMATS, type Format } from '../core/remedies/remedy.ts'
import { remediationOf } from '../core/remedy.ts'

/** The same defence told in another way: offered right after it. */
const ALSO: Partial<Record<Format, readonly Format[]>> = {
  crowdsec: ['crowdsec-allowlist'],
  cloudflare: ['cloudflare-dashboard', 'cloudflare-api'],
  nginx: ['nginx-allow'],
}

/**
 * Formats for the causes of these ports: first what the likeliest cause of each port asks for, then what its
 * alternatives do. The more confident a cause, the earlier; each format once.
 */
export function fittingFormats(ports: readonly Pick<PortVerdict, 'cause' | 'remediation'>[]): Format[] {
  const wishes = ports.flatMap(({ cause, remediation }) => {
    if (!cause) return []
    const { alternatives, confidence, ...rest } = cause
    const own = { weight: confidence, formats: remediation?.formats ?? remediationOf(cause)?.formats ?? [] }
    const others = alternatives.map((guess) => ({
      weight: guess.confidence,
      formats: remediationOf({ ...rest, ...guess, alternatives: [] })?.formats ?? [],
    }))
    return [own, ...others]
  })
  const score = new Map<Format, number>()
  for (const { weight, formats } of wishes)
    known(formats).forEach((format, rank) => {
      score.set(format, (score.get(format) ?? 0) + weight / (1 + rank))
    })
  const sorted = [...score].sort(([a, x], [b, y]) => y - x || FORMATS.indexOf(a) - FORMATS.indexOf(b))
  return [...new Set(sorted.flatMap(([format]) => [format, ...(ALSO[format] ?? [])]))]
}

const known = (words: readonly string[]): Format[] =>
  words.flatMap((word) => FORMATS.find((format) => format === word) ?? [])
