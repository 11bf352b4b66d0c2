/** What an event has to say, and how much of it: the words between events and cards. */
import type { Severity } from '../../../schema/words.ts'
import type { Line } from '../spans.ts'

/** The severity, or that something has become well. */
export type Tone = Severity | 'good'

export interface Section {
  heading: string
  /** steps to take in order */
  isNumbered: boolean
  lines: Line[]
  /** what counts the rest */
  more: string | null
}

/** What an event says, without its frame. */
export interface Body {
  /** what kind of news, in two or three words */
  kicker: string
  tone: Tone
  facts: { name: string; value: Line }[]
  sections: Section[]
  links: { label: string; to: string | null }[]
}

/** How much of an event a card shows. */
export interface Cut {
  titleChars: number
  textChars: number
  facts: number
  /** losses, ranges: lines of a list */
  lines: number
  /** port numbers named in a line */
  ports: number
  hasEvidence: boolean
  remedies: number
  steps: number
  stepChars: number
  links: number
}
