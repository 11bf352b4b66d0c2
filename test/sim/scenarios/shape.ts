import type { CauseClass, Mechanism, VerdictWord } from '../../../schema/words.ts'
import type { Port } from '../../support/facts.ts'
import type { Setting, Work } from '../line/setting.ts'
import { between, type Drawn } from './scenario.ts'

export const HOUR = 3_600_000
export const DAY = 24 * HOUR
const LOST: readonly VerdictWord[] = ['interfered']
/** A loss and what is true of it; a ban by a host tool unless said otherwise. */
export const truth = (mechanisms: readonly Mechanism[], classes: readonly CauseClass[] = ['ips'], verdicts = LOST) => ({
  verdicts,
  classes,
  mechanisms,
})
/** Attempts to log in by the other scanner, some seconds after the watch began. */
export const logins = (roll: () => number, port = 22): Work[] => [
  { port, deed: 'login', from: between(roll, 12_000, 30_000), everyMs: between(roll, 300, 1_500), times: 30 },
]
/** Another scanner works while we watch. Two hours of recovery tell most of the known lengths. */
export const accompany = (ports: readonly Port[], rest: Partial<Setting> & Pick<Setting, 'elements'>): Setting => ({
  ports,
  profile: 'accompany',
  watchMs: 70_000,
  recoverMs: 2 * HOUR,
  ...rest,
})
/** Our own stimuli, and the watch after them. */
export const assertive = (ports: readonly Port[], rest: Partial<Setting> & Pick<Setting, 'elements'>): Setting => ({
  ports,
  profile: 'assertive',
  recoverMs: 2 * HOUR,
  ...rest,
})
export const on = (focus: readonly number[], setting: Setting): Drawn => ({ setting, focus })
