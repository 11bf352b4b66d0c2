/** Walks a page by the Tab key alone, as one does who has no mouse. */
import type { Page } from 'playwright-core'

interface Stop {
  name: string
  /** in the order in which the page should be walked; -1: it should not be reached; -2: it only scrolls */
  place: number
  visible: boolean
  marked: boolean
}

const SCROLLER = -2
const MOST_SCROLLERS = 50

/** One sentence for each thing that the keyboard cannot reach, reaches in the wrong order, or reaches unseen. */
export async function keyboardFaults(page: Page): Promise<string[]> {
  const wanted = await page.evaluate(() => {
    const named = (one: Element) => {
      const said = (one.getAttribute('aria-label') ?? one.textContent ?? '').trim().slice(0, 40)
      return `${one.tagName.toLowerCase()}${one.id ? `#${one.id}` : ''}[${one.getAttribute('name') ?? ''}] "${said}"`
    }
    const all = [
      ...document.querySelectorAll<HTMLElement>('a[href], button, input, select, textarea, summary, [tabindex]'),
    ].filter((one) => {
      const { disabled, type, checked, name } = one as HTMLInputElement
      if (disabled || type === 'hidden' || one.tabIndex < 0 || one.closest('[inert]')) return false
      // Of a set of radio buttons Tab reaches one; the arrows lead on.
      const set =
        type === 'radio' ? [...document.querySelectorAll<HTMLInputElement>(`input[type=radio][name="${name}"]`)] : []
      if (set.length > 0 && !checked && (set.some((radio) => radio.checked) || set[0] !== one)) return false
      return one.checkVisibility({ visibilityProperty: true })
    })
    const stops: Stop[] = []
    Object.assign(window, { __stops: stops })
    document.addEventListener('focusin', ({ target }) => {
      const one = target as HTMLElement
      const style = getComputedStyle(one)
      const box = one.getBoundingClientRect()
      stops.push({
        name: named(one),
        place: all.includes(one) ? all.indexOf(one) : /auto|scroll/.test(style.overflow) ? -2 : -1,
        visible: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
        marked: style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) >= 1,
      })
    })
    const active = document.activeElement
    if (active instanceof HTMLElement) active.blur()
    scrollTo(0, 0)
    return all.map(named)
  })
  // One more than there are: after the last one the page is left, and nothing holds it.
  let pressed = 0
  let stops: Stop[] = []
  for (let due = wanted.length + 1; pressed < due; ) {
    for (; pressed < due; pressed++) await page.keyboard.press('Tab')
    stops = await page.evaluate(() => (window as unknown as { __stops: Stop[] }).__stops)
    // What scrolls is reached too, which costs a press each.
    due += Math.min(MOST_SCROLLERS, stops.filter(({ place }) => place === SCROLLER).length + wanted.length + 1 - due)
  }
  const walk = stops.slice(0, pressed - 1).filter(({ place }) => place !== SCROLLER)
  const reached = new Set(walk.map(({ place }) => place))
  const faults = wanted.flatMap((name, place) => (reached.has(place) ? [] : [`never reached: ${name}`]))
  for (const [i, { name, place, visible, marked }] of walk.entries()) {
    if (place < 0) faults.push(`reached, but not to be: ${name}`)
    if (!visible) faults.push(`reached out of sight: ${name}`)
    if (!marked) faults.push(`nothing shows where the focus is: ${name}`)
    const before = walk[i - 1]
    if (before && place >= 0 && before.place > place) faults.push(`out of order: ${name} after ${before.name}`)
  }
  return faults
}
