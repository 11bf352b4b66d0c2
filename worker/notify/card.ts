/** An event as a card: what every chat shows, before any markup. A cut says how much of it. */
import { SEVERITIES, type Severity } from '../../schema/words.ts'
import type { Cut, Section, Tone } from './cards/body.ts'
import { bodyOf } from './cards/index.ts'
import type { Message } from './channel.ts'
import { clipped, hrefOf } from './plain.ts'
import { type Line, plainOf } from './spans.ts'
import { storyOf } from './story.ts'

export interface Card {
  kicker: string
  tone: Tone
  title: string
  text: string
  facts: { name: string; value: Line }[]
  sections: Section[]
  links: { label: string; url: string }[]
  /** of the story it belongs to: an issue's id, a probe's, or its own */
  key: string
  at: string
}

const FULL: Cut = {
  titleChars: 250,
  textChars: 600,
  facts: 8,
  lines: 8,
  ports: 12,
  hasEvidence: true,
  remedies: 2,
  steps: 3,
  stepChars: 420,
  links: 4,
}
/** From the whole to the least that is still a message: fewer ports, then shorter steps, then only what and where. */
export const CUTS: readonly [Cut, ...Cut[]] = [
  FULL,
  { ...FULL, lines: 5, ports: 8, remedies: 1, stepChars: 300, textChars: 400 },
  { ...FULL, titleChars: 200, lines: 3, ports: 5, remedies: 1, steps: 2, stepChars: 200, textChars: 300 },
  {
    ...FULL,
    titleChars: 150,
    lines: 2,
    ports: 5,
    hasEvidence: false,
    remedies: 1,
    steps: 1,
    stepChars: 120,
    textChars: 200,
  },
  {
    ...{ titleChars: 100, textChars: 0, facts: 1, lines: 0, ports: 0, hasEvidence: false },
    ...{ remedies: 0, steps: 0, stepChars: 0, links: 1 },
  },
]

export function cardOf(message: Message, cut: Cut): Card {
  const { event, base } = message
  const body = bodyOf(event, cut)
  const title = clipped(event.data.title, cut.titleChars) || event.type
  return {
    kicker: message.isTest ? `Test: ${body.kicker}` : body.kicker,
    tone: body.tone,
    title,
    text: cut.textChars > 0 ? clipped(event.data.text, cut.textChars) : '',
    facts: body.facts.slice(0, cut.facts),
    sections: body.sections
      .map((section) => ({ ...section, lines: section.lines.map(saying).filter((line) => line.length > 0) }))
      .filter(({ lines, more }) => lines.length > 0 || more !== null),
    links: body.links
      .flatMap(({ label, to }) => {
        const url = hrefOf(to, base)
        return url === null ? [] : [{ label, url }]
      })
      .slice(0, cut.links),
    key: storyOf(event, message.id).key,
    at: event.timestamp,
  }
}

/** Without what shows nothing: hostile text may be nothing but invisible characters. */
const saying = (line: Line): Line => (plainOf(line).trim() === '' ? [] : line.filter((span) => plainOf([span]) !== ''))

/** The first rendering, from the whole to the least, that is within its limits; the least when none is. */
export function fitted<T>(message: Message, write: (card: Card) => T, fits: (written: T) => boolean): T {
  let written = write(cardOf(message, FULL))
  for (const cut of CUTS.slice(1)) {
    if (fits(written)) break
    written = write(cardOf(message, cut))
  }
  return written
}

/** Beside the words, for a glance: never by colour alone. */
export const SIGN: Record<Tone, string> = { critical: '🛑', error: '🔴', warning: '🟠', info: '🔵', good: '✅' }
export const COLOUR: Record<Tone, string> = {
  critical: '#8E1320',
  error: '#D13438',
  warning: '#E08A00',
  info: '#2F6FDE',
  good: '#2E8B57',
}
export const severityOf = (tone: Tone): Severity =>
  (SEVERITIES as readonly string[]).includes(tone) ? (tone as Severity) : 'info'
