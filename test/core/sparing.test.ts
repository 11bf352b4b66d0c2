/** Looking must not keep up a ban that each look begins anew. */
import { expect, test } from 'vitest'
import { SELF_RENEWING_MS } from '../../schema/bans.ts'
import type { Sight } from '../../schema/words.ts'
import { TOUCH_TIMEOUT_MS } from '../../worker/core/rounds.ts'
import { spareFrom } from '../../worker/core/sparing.ts'
import { HTTP, HTTPS, isScanner, OTHER, T0, type Touch, tell } from '../support/facts.ts'

const LOST_MS = 8_000
const [LENGTH_MS] = SELF_RENEWING_MS as [number]
/** Two in three of the witnesses' looks at one port are lost as well: its tests take long. */
const isMurky = ({ member, port, at }: Touch) =>
  member.role === 'witness' && port === 443 && Math.floor(at / 1_000) % 3 !== 0
/** When the scanner's last round began, after the loss. */
function lastRoundAfter(how: Sight): number {
  const told = tell({
    ports: [HTTP, HTTPS, OTHER],
    sees: (touch) => (isScanner(touch) && touch.at >= LOST_MS ? how : isMurky(touch) ? 'unresponsive' : 'open'),
  })
  expect(told.port(80)).toMatchObject({ verdict: 'interfered' })
  const touches = told.facts.runs
    .filter(({ role, kind }) => role === 'scanner' && kind === 'verify')
    .flatMap(({ observations }) => observations.filter(({ purpose }) => purpose === 'verify'))
  expect(touches.length).toBeGreaterThan(10)
  return Math.max(...touches.map(({ at }) => at)) - T0 - LOST_MS
}

test('where one port of the address has its word no round comes later than a length after the loss', () => {
  expect(lastRoundAfter('unresponsive') + TOUCH_TIMEOUT_MS).toBeLessThanOrEqual(LENGTH_MS)
})

// A proxy that lets connects in and hangs up, or says nothing, keeps its table alive by each of them.
test.each(['cut', 'mute'] as const)('where what shuts out answers, the last two rounds are spared it (%s)', (how) => {
  expect(lastRoundAfter(how)).toBeLessThan(100_000)
})

test('the bound leaves room for the timer of a touch, and for a loss that was noticed late', () => {
  expect(spareFrom(0)).toBeLessThanOrEqual(LENGTH_MS - TOUCH_TIMEOUT_MS - 5_000)
})

test.each([0, 3_000])(
  'an experiment that began before a silent ban is not carried on into its end, a look lost %d ms before it or not',
  (strayMs) => {
    // A limp draws the alarm and E4; then everything falls silent, one port sooner by loss, and stays so as long as it is touched.
    const banFrom = 22_000
    const slow = { sight: 'open' as const, connectMs: 1_015, afterMs: 1_040 }
    const told = tell({
      ports: [HTTP, HTTPS, OTHER],
      watchMs: 2_000,
      sees: (touch: Touch) => {
        if (!isScanner(touch)) return 'open'
        if (touch.at >= banFrom - (touch.port === OTHER.port ? strayMs : 0)) return 'unresponsive'
        return touch.port === 443 && touch.at >= LOST_MS ? (touch.at < LOST_MS + 2_500 ? 'unresponsive' : slow) : 'open'
      },
    })
    const last = told.facts.runs
      .filter(({ role, kind }) => role === 'scanner' && kind === 'verify')
      .flatMap(({ observations }) =>
        observations.filter(({ purpose }) => purpose === 'verify' || purpose === 'explain'),
      )
    expect(last.some(({ experiment, at }) => experiment === 'E4' && at > T0 + banFrom)).toBe(true)
    // The watch met the silence two seconds after it began.
    expect(Math.max(...last.map(({ at }) => at)) - T0).toBeLessThanOrEqual(spareFrom(banFrom - strayMs + 2_000))
  },
)
