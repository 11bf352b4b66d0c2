import { html } from 'hono/html'
import type { Strength, VerdictWord } from '../../../schema/words.ts'
import { percent } from '../../core/text.ts'
import { spoken, type Tone, VERDICT } from '../words.ts'

/** The sign says what the colour says, for those who do not see it. */
const SIGN: Record<Tone, string> = { bad: '✕', warn: '!', good: '✓', info: '…', mute: '–' }

/** As text: lists have hundreds of them. */
export const Badge = ({ tone, text }: { tone: Tone; text: string }) =>
  html`<span class="badge ${tone}"><span aria-hidden="true">${SIGN[tone]}</span> ${text}</span>`

const isVerdict = (word: string): word is VerdictWord => Object.hasOwn(VERDICT, word)

/** A stored word of an older version still shows, only without its colour. */
export const VerdictBadge = ({ verdict, strength = null }: { verdict: string; strength?: Strength | null }) => (
  <Badge
    tone={isVerdict(verdict) ? VERDICT[verdict].tone : 'mute'}
    text={spoken(verdict) + (strength ? `, ${strength}` : '')}
  />
)

/** `93 %`; nothing at all is `0 %`. */
export const shareWords = (share: number): string => (share === 0 ? '0 %' : percent(share))

/** A share from 0 to 1, as a bar and as a number. */
export const Share = ({ share, label }: { share: number; label: string }) =>
  html`<span class="share"><meter min="0" max="1" low="0.5" high="0.9" optimum="1" value="${share}" aria-label="${label}"></meter> <span class="number">${shareWords(share)}</span></span>`
