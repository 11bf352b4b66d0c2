/** What one observation tells, as lines of plain text: the title of its mark, and what the panel beside the picture shows. */
import { printable } from '../../../schema/terminal.ts'
import type { Observation } from '../../../schema/wire.ts'
import { type Unmade, whyUnmade } from '../../../schema/words.ts'
import { indexOf } from '../../core/rounds.ts'
import { latin1Of } from '../../core/text.ts'
import { exact, span } from '../parts/time.tsx'
import type { Tick } from './model.ts'
import { drawnOf, isUnfit, sightName } from './sights.ts'

export interface Sources {
  /** start of the scan */
  from: number
  /** `witness 1, 198.51.100.21, nyc-1`, by run */
  byRun: ReadonlyMap<string, string>
}

/** As much of what a target sent as fits a line. */
const SAID = 120

/** `open after 20 ms`, `closed (ECONNREFUSED) after 3 ms`, `not looked: rationed` */
export function sightWords(touch: Observation): string {
  const name = sightName(touch)
  const { code, afterMs } = touch
  return whyUnmade(touch) ? name : `${name}${code ? ` (${printable(code, 40)})` : ''} after ${afterMs} ms`
}

/** What a target sent, made safe to show; '' when it sent nothing. */
export function saidWords({ firstBytes, httpStatus }: Pick<Observation, 'firstBytes' | 'httpStatus'>): string {
  if (firstBytes === undefined) return httpStatus === undefined ? '' : `HTTP ${httpStatus}`
  // Four signs of Base64 are three bytes; of more than these `printable` looks at none.
  const sent = latin1Of(firstBytes.slice(0, Math.ceil((8 * SAID + 1) / 3) * 4))
  const text = sent === '' ? '' : printable(BEYOND_ASCII.test(sent) ? bytesOf(sent) : sent, SAID)
  return [httpStatus === undefined ? '' : `HTTP ${httpStatus}`, text].filter((part) => part !== '').join(': ')
}

/** These are read as UTF-8; what is ASCII alone stands for itself. */
const BEYOND_ASCII = /[\x80-\xff]/
function bytesOf(latin1: string): Uint8Array {
  const bytes = new Uint8Array(latin1.length)
  for (let i = 0; i < latin1.length; i++) bytes[i] = latin1.charCodeAt(i)
  return bytes
}

export const whyWords = ({ purpose, round, experiment, check }: Observation): string =>
  `${purpose}${round === undefined ? '' : `, round ${indexOf(round) + 1}`}${experiment ? `, experiment ${experiment}` : ''}, by ${check}`

/** All lines of one observation. */
export function telling(tick: Told, sources: Sources): string {
  const seenBy = `Seen by: ${sources.byRun.get(tick.runId) ?? 'a probe of an earlier panel'}`
  return `${sightWords(tick.touch)}\n${seenBy}${moreOf(tick, sources)}\nRun: ${tick.runId}`
}

/** Why it was left out, in full. */
const WHY_UNMADE: Record<Unmade, string> = {
  RATION: 'left out on purpose: this service counts connections, and one more would have been above its ration',
  LEASE: 'left out on purpose: the Worker had not renewed the lease, without which nothing is sent',
  REFUSED_BY_PROBE: 'left out on purpose: the probe may not touch this address',
}

type Told = Pick<Tick, 'touch' | 'runId' | 'rules'>

/** Those that are not the same for every observation of its source and run. */
export const briefly = (tick: Told, sources: Sources): string => sightWords(tick.touch) + moreOf(tick, sources)

/** Each after a line end. In one piece: a page can hold hundreds of them. */
function moreOf({ touch, rules }: Told, sources: Sources): string {
  const why = whyUnmade(touch)
  const means = why ? WHY_UNMADE[why] : drawnOf(touch).words
  const meaning = touch.sight === 'open' ? '' : `\nMeaning: ${means}`
  const unfit = isUnfit(touch) ? '\nBut: its probe was not fit just then, so that it counts for nobody' : ''
  const at = `\nAt: ${exact(touch.at)}, ${span(touch.at - sources.from)} after the start`
  const said = saidWords(touch)
  const sent = said === '' ? '' : `\nIt sent: ${said}`
  const evidence = rules.length === 0 ? '' : `\nEvidence: ${rules.join(', ')}`
  return `${meaning}${unfit}${at}\nMade for: ${whyWords(touch)}${sent}${evidence}`
}

const ENTITY: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/**
 * For text and quoted attributes of a picture. Controls and halves of characters are left out: XML 1.0 has no place for most of
 * them (2.2, Characters).
 */
export const escaped = (text: string): string =>
  !SIGNS.test(text)
    ? text
    : (ODD.test(text) ? text.replace(NOT_XML, '') : text).replace(/[&<>"']/g, (sign) => ENTITY[sign] ?? '')
/** Plain ASCII without a sign to escape, and plain ASCII, are asked for first: the other question takes much longer. */
const SIGNS = /[^\n !#-%(-;=?-~]/
const ODD = /[^\n\x20-\x7e]/
const NOT_XML = /(?!\n)\p{Cc}|\p{Cs}|[\ufffe\uffff]/gu
