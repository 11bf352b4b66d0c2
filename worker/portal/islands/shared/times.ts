/** Times in the reader's zone, with UTC on hover. The server writes UTC, which is what stays without script. */

const DAY = new Intl.DateTimeFormat('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit' })
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const ZONE = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' })

const zoneOf = (at: Date): string => ZONE.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? ''

/** `2026-11-22 18:28:47 CET`, `2026-11-22 18:28:47.123 CET` */
export const local = (at: Date, isExact = false): string =>
  `${DAY.format(at)} ${CLOCK.format(at)}${isExact ? at.toISOString().slice(19, 23) : ''} ${zoneOf(at)}`.trim()

/** `2026-11-22 17:28:47 UTC` */
export const utc = (at: Date): string => `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`

/** Turns the exact times below `root` into the reader's, and lets relative ones tell theirs on hover. */
export function localTimes(root: ParentNode): void {
  for (const time of root.querySelectorAll<HTMLTimeElement>('time[datetime]:not([data-local])')) {
    const at = new Date(time.dateTime)
    // A document keeps the times that all its readers share.
    if (Number.isNaN(at.getTime()) || time.closest('[data-zone=utc]')) continue
    time.dataset.local = ''
    const said = time.dataset.utc ?? time.textContent
    time.title = said
    // What is written out stands in the reader's zone; what is told as "3 min ago" stays, and has both on hover.
    if (time.dataset.utc === undefined) time.textContent = local(at, time.dataset.exact !== undefined)
    else time.title = `${local(at)}\n${said}`
  }
}
