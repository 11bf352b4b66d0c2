/** Times in the reader's zone, with UTC on hover. The server writes UTC, which is what stays without script. */

const DAY = new Intl.DateTimeFormat('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit' })
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const ZONE = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' })

const zoneOf = (at: Date): string => ZONE.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? ''

/** `2026-11-22 18:28:47 CET` */
const local = (at: Date): string => `${DAY.format(at)} ${CLOCK.format(at)} ${zoneOf(at)}`.trim()

/** Turns the exact times below `root` into the reader's, and lets relative ones tell theirs on hover. */
export function localTimes(root: ParentNode): void {
  for (const time of root.querySelectorAll<HTMLTimeElement>('time[datetime]:not([data-local])')) {
    const at = new Date(time.dateTime)
    // A document keeps the times that all its readers share.
    if (Number.isNaN(at.getTime()) || time.closest('[data-zone=utc]')) continue
    time.dataset.local = ''
    const utc = time.dataset.utc ?? time.textContent
    time.title = utc
    // What is written out stands in the reader's zone; what is told as "3 min ago" stays, and has both on hover.
    if (time.dataset.utc === undefined) time.textContent = local(at)
    else time.title = `${local(at)}\n${utc}`
  }
}
