/** How each sight is drawn: by shape as well as by colour, each readable without the other. */
import type { Observation } from '../../../schema/wire.ts'
import { SIGHTS, type Sight, type Unmade, whyUnmade } from '../../../schema/words.ts'
import { spoken } from '../words.ts'

export type Paint = 'good' | 'bad' | 'warn' | 'mute'

/** On white paper; on a page the style sheet has its own for light and dark. */
export const INK: Record<Paint, string> = { good: '#1c6b3a', bad: '#b3261e', warn: '#7d4e00', mute: '#566074' }

export interface Drawn {
  paint: Paint
  filled: boolean
  /** around 0 0, about 10 units high */
  path: string
  /** in a legend */
  words: string
}

const CIRCLE = 'M-4.2 0a4.2 4.2 0 1 0 8.4 0a4.2 4.2 0 1 0-8.4 0z'

const OF_SIGHT: Record<Sight, Drawn> = {
  open: { paint: 'good', filled: true, path: CIRCLE, words: 'open' },
  closed: { paint: 'bad', filled: false, path: 'M-4-4L4 4M-4 4L4-4', words: 'closed: refused or reset' },
  unresponsive: { paint: 'bad', filled: false, path: 'M-4-4H4V4H-4z', words: 'no answer' },
  unreachable: { paint: 'bad', filled: false, path: 'M0-5.5L5 0L0 5.5L-5 0z', words: 'unreachable' },
  mute: { paint: 'warn', filled: false, path: CIRCLE, words: 'accepted, said nothing' },
  cut: { paint: 'bad', filled: false, path: `${CIRCLE}M-4 4L4-4`, words: 'accepted, then cut off' },
  notice: { paint: 'bad', filled: true, path: 'M0-5L5 4H-5z', words: 'a notice that turns away' },
  page: { paint: 'bad', filled: false, path: 'M0-5L5 4H-5z', words: 'another page than at first' },
  probe_fault: { paint: 'mute', filled: false, path: 'M-5 0H5', words: 'the probe’s own fault' },
}

/** A touch that was on purpose not made: a pause. */
const pause = (words: string): Drawn => ({ paint: 'mute', filled: false, path: 'M-2.2-4V4M2.2-4V4', words })
const OF_UNMADE: Record<Unmade, Drawn> = {
  RATION: pause('not looked: rationed'),
  LEASE: pause('not looked: no lease'),
  REFUSED_BY_PROBE: pause('not looked: not allowed'),
}

type Touch = Pick<Observation, 'sight' | 'code'>

/** Touches that are drawn alike have the very same. */
export function drawnOf(touch: Touch): Drawn {
  const why = whyUnmade(touch)
  return why ? OF_UNMADE[why] : OF_SIGHT[touch.sight]
}

/** `open`, `probe fault`, `not looked: rationed` */
export const sightName = (touch: Touch): string => (whyUnmade(touch) ? drawnOf(touch).words : spoken(touch.sight))

/** What one can choose observations by: what was seen, or that nobody looked. */
export const SEEN_AS = [...SIGHTS, 'not_looked'] as const
export const isSeenAs = (touch: Touch, word: string): boolean =>
  (whyUnmade(touch) ? 'not_looked' : touch.sight) === word

/** Its probe looked, and was not fit to. */
export const isUnfit = (touch: Touch & Pick<Observation, 'fit'>): boolean =>
  touch.fit === false && whyUnmade(touch) === null
