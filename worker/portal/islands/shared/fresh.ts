/** Puts what the server now says in the place of what it said before, without taking anything from the reader's hands. */

/** As the server sent each part last: what script has made of it since does not count as news. */
const sent = new Map<string, string>()

const partsOf = (root: ParentNode): HTMLElement[] => [...root.querySelectorAll<HTMLElement>('[data-live][id]')]

/** Called as early as can be: what other scripts changed before makes the first news replace more than it must. */
export function rememberParts(): void {
  for (const part of partsOf(document)) if (!sent.has(part.id)) sent.set(part.id, part.innerHTML)
}

/** This page as the server has it now; null when it cannot be had (signed out, no network). */
export async function fetchPage(): Promise<Document | null> {
  try {
    const answer = await fetch(location.pathname + location.search, { headers: { accept: 'text/html' } })
    if (!answer.ok || answer.redirected) return null
    return new DOMParser().parseFromString(await answer.text(), 'text/html')
  } catch {
    return null
  }
}

/** Replaces the parts that have changed. */
export function renew(page: Document): void {
  for (const fresh of partsOf(page)) {
    const old = document.getElementById(fresh.id)
    if (!old || sent.get(fresh.id) === fresh.innerHTML) continue
    sent.set(fresh.id, fresh.innerHTML)
    kept(old, () => old.replaceChildren(...document.importNode(fresh, true).childNodes))
    // What comes and goes with the part: a list that need not be looked at again once nothing runs.
    if (fresh.dataset.every === undefined) delete old.dataset.every
    old.dispatchEvent(new CustomEvent('portwitness:fresh', { bubbles: true }))
  }
}

/** The whole of the page's content: it has become another kind of page. */
export function replaceContent(page: Document): void {
  const old = document.getElementById('content')
  const fresh = page.getElementById('content')
  if (!old || !fresh) return
  kept(old, () => old.replaceChildren(...document.importNode(fresh, true).childNodes))
  document.title = page.title
}

/** What is open stays open, and what has the focus keeps it, where it is still there. */
function kept(root: HTMLElement, change: () => void): void {
  const open = new Set([...root.querySelectorAll('details[open]')].map(nameOf))
  const held = root.contains(document.activeElement) ? document.activeElement : null
  const name = held && nameOf(held)
  const scrolled = [...root.querySelectorAll('section[tabindex]')].map((box) => [nameOf(box), box.scrollLeft] as const)
  change()
  for (const details of root.querySelectorAll('details')) if (open.has(nameOf(details))) details.open = true
  for (const box of root.querySelectorAll('section[tabindex]'))
    box.scrollLeft = scrolled.find(([one]) => one === nameOf(box))?.[1] ?? 0
  // Before the focus is given back: what it goes to may be woken by this.
  root.dispatchEvent(new CustomEvent('portwitness:fresh', { bubbles: true }))
  if (!held || name === null) return
  const same = [...root.querySelectorAll<HTMLElement>(held.tagName)].find((one) => nameOf(one) === name)
  same?.focus({ preventScroll: true })
}

/** What an element is called, the same before and after. */
function nameOf(element: Element): string {
  if (element.id !== '') return `#${element.id}`
  const within = element.closest('article, section[id], div[id]')
  const place = within?.querySelector('[id]')?.id ?? within?.id ?? ''
  const text =
    element instanceof HTMLDetailsElement ? element.querySelector('summary')?.textContent : element.textContent
  return [
    place,
    element.tagName,
    element.getAttribute('href') ?? '',
    element.getAttribute('aria-label') ?? text ?? '',
  ].join(' ')
}
