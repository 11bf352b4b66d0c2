/**
 * Times on pages: written in UTC, with their exact value for machines, spoken relative to now where that helps. Where script
 * runs they are turned into the reader’s zone, and UTC is what one points at.
 */
import { html } from 'hono/html'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `2026-11-22 17:28:47 UTC` */
export const utc = (at: number): string => `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`

/** `2026-11-22 17:28:47.123 UTC` */
export const exact = (at: number): string => `${new Date(at).toISOString().slice(0, -1).replace('T', ' ')} UTC`

/** `41 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h` */
export function span(ms: number): string {
  if (ms < MINUTE) return `${Math.max(0, Math.round(ms / 1000))} s`
  if (ms < HOUR) return pair(ms, MINUTE, 'min', 1000, 's')
  return ms < DAY ? pair(ms, HOUR, 'h', MINUTE, 'min') : pair(ms, DAY, 'd', HOUR, 'h')
}

function pair(ms: number, big: number, bigName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % big) / small)
  return `${Math.floor(ms / big)} ${bigName}${rest > 0 ? ` ${rest} ${smallName}` : ''}`
}

/** Of the same, only the greatest unit: who looks back does not count seconds. */
export function ago(at: number, now: number): string {
  const past = now - at
  if (Math.abs(past) < 5_000) return 'just now'
  const words = span(Math.abs(past)).split(' ').slice(0, 2).join(' ')
  return past > 0 ? `${words} ago` : `in ${words}`
}

const iso = (at: number): string => new Date(at).toISOString()

/** The exact time. As text, as `Ago` is: lists have hundreds of them. */
export const Time = ({ at }: { at: number }) => html`<time datetime="${iso(at)}">${utc(at)}</time>`
/** The same to the millisecond, where the order of what is of one second matters. */
export const ExactTime = ({ at }: { at: number }) => html`<time datetime="${iso(at)}" data-exact="">${exact(at)}</time>`
/** How long ago, with the exact time on pointing at it. */
export const Ago = ({ at, now }: { at: number; now: number }) =>
  html`<time datetime="${iso(at)}" title="${utc(at)}" data-utc="${utc(at)}">${ago(at, now)}</time>`
