/** Puts what the server now says in the place of what it said before, without taking anything from the reader's hands. */
import { isBusy, kept } from './kept.ts'
import { isMissed, isRenewed, isSignedOut } from './stale.ts'

/** As the server sent each part last: what script has made of it since does not count as news. */
const sent = new Map<string, string>()
/** What an element says of how it is renewed. */
const PACE = ['every', 'fresh'] as const

const SLOWEST_S = 120
/** After a failure it is asked again so soon, then at twice the time. */
const AGAIN_S = 5

/** `data-live` and `data-fresh`, by id. */
const partsOf = (root: ParentNode): HTMLElement[] => [
  ...root.querySelectorAll<HTMLElement>('[data-live][id], [data-fresh][id]'),
]

/** Called as early as can be: what other scripts changed before makes the first news replace more than it must. */
export function rememberParts(): void {
  for (const part of partsOf(document)) if (!sent.has(part.id)) sent.set(part.id, part.innerHTML)
}

/** This page as the server has it now; null when it cannot be had (signed out, no network), which the page then says. */
export async function fetchPage(): Promise<Document | null> {
  try {
    const answer = await fetch(location.pathname + location.search, {
      headers: { accept: 'text/html' },
      redirect: 'manual',
    })
    if (answer.type === 'opaqueredirect') isSignedOut()
    else if (!answer.ok) isMissed(answer.status)
    else {
      const text = await answer.text()
      isRenewed()
      return new DOMParser().parseFromString(text, 'text/html')
    }
  } catch {
    isMissed(null)
  }
  return null
}

/** Replaces the parts that have changed; one in which the reader is at work waits for the next time. */
export function renew(page: Document): void {
  for (const old of partsOf(document)) {
    const fresh = page.getElementById(old.id)
    if (!fresh || isBusy(old)) continue
    // What comes and goes with the part: what need not be looked at again once nothing runs.
    for (const name of PACE) {
      const pace = fresh.dataset[name]
      if (pace === undefined) delete old.dataset[name]
      else old.dataset[name] = pace
    }
    if (sent.get(fresh.id) === fresh.innerHTML) continue
    sent.set(fresh.id, fresh.innerHTML)
    kept(old, () => old.replaceChildren(...document.importNode(fresh, true).childNodes))
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

/** Resolves at once, or when somebody looks at the page again. */
const isSeen = (): Promise<void> =>
  new Promise((resolve) => {
    if (!document.hidden) return resolve()
    const look = () => {
      if (document.hidden) return
      document.removeEventListener('visibilitychange', look)
      resolve()
    }
    document.addEventListener('visibilitychange', look)
  })

/**
 * Renews the page again and again, as often as its quickest part says in `data-every` or `data-fresh` (s) at that time, and not while
 * nobody looks. Ends when no part says anything any more.
 */
export async function keepFresh(): Promise<void> {
  for (let failures = 0; ; ) {
    const paces = partsOf(document).flatMap(({ dataset }) => dataset.every ?? dataset.fresh ?? [])
    if (paces.length === 0) return
    const seconds = failures > 0 ? Math.min(SLOWEST_S, AGAIN_S * 2 ** (failures - 1)) : Math.min(...paces.map(Number))
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
    await isSeen()
    const page = await fetchPage()
    if (page) renew(page)
    failures = page ? 0 : failures + 1
  }
}
