/** Says on the page that it is not renewed any more, and why: what it shows may long be otherwise. */

/** A missed answer or two is no news. */
const FEW = 3

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })

let renewedAt = new Date()
let missed = 0

/** There from the start, so that what is put in it is said aloud. */
const notice = place()

function place(): HTMLElement {
  const line = document.createElement('p')
  line.className = 'stale'
  line.setAttribute('role', 'status')
  document.getElementById('content')?.before(line)
  return line
}

function say(why: string, ...more: Node[]): void {
  const text = `Not renewed since ${CLOCK.format(renewedAt)}${why}`
  // Said once, not at each failure.
  if (notice.firstChild?.textContent !== text) notice.replaceChildren(text, ...more)
}

/** The server said how it is now. */
export function isRenewed(): void {
  renewedAt = new Date()
  missed = 0
  if (notice.hasChildNodes()) notice.replaceChildren()
}

/** It sent us elsewhere: to sign in. */
export function isSignedOut(): void {
  missed = FEW
  const link = document.createElement('a')
  // Leads through the sign-in, whoever asks for it.
  link.href = location.pathname + location.search
  link.textContent = 'Sign in again'
  say('. ', link)
}

/** No page came; `status` of the answer, null where there was none. */
export function isMissed(status: number | null): void {
  missed += 1
  if (missed >= FEW) say(status === null ? ': no answer' : `: the answer was ${status}`)
}
