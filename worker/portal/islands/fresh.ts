/**
 * Parts of a page that stay fresh: `<div id data-fresh="SECONDS">` is fetched again with its page after so many seconds while it is
 * seen, and put in its place if it has changed. The fresh one says when the next is due.
 */

const SLOWEST_S = 120

async function freshOf(id: string): Promise<HTMLElement | null> {
  const answer = await fetch(location.href, { headers: { accept: 'text/html' }, redirect: 'error' })
  if (!answer.ok) return null
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
  return page.getElementById(id)
}

/** Whoever is at work in it must not lose the place: an open detail, a field, a focus that has no counterpart. */
function isBusy(part: HTMLElement): boolean {
  const focused = document.activeElement
  const isTyping = focused instanceof HTMLInputElement || focused instanceof HTMLSelectElement
  return (part.contains(focused) && isTyping) || !(document.getSelection()?.isCollapsed ?? true)
}

function replace(part: HTMLElement, next: HTMLElement): HTMLElement {
  const focused = document.activeElement
  const href = part.contains(focused) ? focused?.getAttribute('href') : null
  const open = [...part.querySelectorAll('details')].map((each) => each.open)
  const fresh = document.importNode(next, true)
  for (const [i, each] of [...fresh.querySelectorAll('details')].entries()) each.open = open[i] ?? false
  part.replaceWith(fresh)
  fresh.dispatchEvent(new Event('portwitness:fresh', { bubbles: true }))
  if (href)
    [...fresh.querySelectorAll<HTMLElement>('a[href]')].find((link) => link.getAttribute('href') === href)?.focus()
  return fresh
}

/** `html`: what the server last sent, before script made the times local. */
function keep(part: HTMLElement, html: string, failures = 0): void {
  const seconds = Number(part.dataset.fresh ?? '30')
  const wait = Math.min(SLOWEST_S, seconds * 2 ** failures)
  setTimeout(async () => {
    if (document.hidden || isBusy(part)) return keep(part, html, failures)
    const next = await freshOf(part.id).catch(() => null)
    if (!next) return keep(part, html, failures + 1)
    const sent = next.outerHTML
    keep(sent === html ? part : replace(part, next), sent)
  }, wait * 1000)
}

for (const part of document.querySelectorAll<HTMLElement>('[data-fresh][id]')) keep(part, '')
