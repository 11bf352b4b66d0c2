/** nginx lets one address have twenty requests a minute and six at once, and answers 429 beyond. */
import { HTTP, HTTPS, isScanner, type Story } from '../../../support/facts.ts'

const FROM_MS = 8_000
const PER_MS = 20 / 60_000
const MOST = 6

let room = 0
let at = FROM_MS
/** The engagement has used it up at first; touches before that begin a telling. */
function mayPass(now: number): boolean {
  if (now < FROM_MS) {
    room = 0
    at = FROM_MS
    return true
  }
  room = Math.min(MOST, room + Math.max(0, now - at) * PER_MS)
  at = Math.max(at, now)
  if (room < 1) return false
  room -= 1
  return true
}

export const story: Story = {
  ports: [HTTP, HTTPS],
  sees: (touch) =>
    isScanner(touch) && touch.port === 80 && !mayPass(touch.at) ? { sight: 'page', httpStatus: 429 } : 'open',
}
