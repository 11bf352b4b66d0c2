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
const MOST_FURTHER = 60

/** One sentence for each thing that the keyboard cannot reach, reaches in the wrong order, or reaches unseen. */
export async function keyboardFaults(page: Page): Promise<string[]> {
  const { wanted, jumps } = await page.evaluate(() => {
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
    // Parts of a picture may show the focus by their own strokes and fills.
    const inked = (one: Element) =>
      [one, ...one.querySelectorAll('*')]
        .slice(0, 8)
        .map((part) => {
          const { stroke, strokeWidth, fill, filter, opacity, transform, textDecorationLine } = getComputedStyle(part)
          return [stroke, strokeWidth, fill, filter, opacity, transform, textDecorationLine].join()
        })
        .join('|')
    const plain = new Map(all.filter((one) => one instanceof SVGElement).map((one) => [one as Element, inked(one)]))
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
        marked:
          (style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) >= 1) ||
          (plain.has(one) && plain.get(one) !== inked(one)),
      })
    })
    const active = document.activeElement
    if (active instanceof HTMLElement) active.blur()
    scrollTo(0, 0)
    // A place of its own in the order (WCAG 2.4.3) is a jump, wherever the walk happens to begin.
    const jumps = all.filter((one) => one.tabIndex > 0).map((one) => `out of order: ${named(one)} by its tabindex`)
    return { wanted: all.map(named), jumps }
  })
  // One press each; what scrolls is reached too, and a field for a date has a stop for each of its parts.
  let walk: Stop[] = []
  let reached = new Set<number>()
  for (let pressed = 1; pressed <= wanted.length + MOST_FURTHER && reached.size < wanted.length; pressed++) {
    await page.keyboard.press('Tab')
    if (pressed < wanted.length) continue
    const stops = await page.evaluate(() => (window as unknown as { __stops: Stop[] }).__stops)
    walk = stops.filter(({ place }) => place !== SCROLLER)
    reached = new Set(walk.map(({ place }) => place).filter((place) => place >= 0))
  }
  const faults = [...jumps]
  faults.push(...wanted.flatMap((name, place) => (reached.has(place) ? [] : [`never reached: ${name}`])))
  for (const [i, { name, place, visible, marked }] of walk.entries()) {
    if (place < 0) faults.push(`reached, but not to be: ${name}`)
    if (!visible) faults.push(`reached out of sight: ${name}`)
    if (!marked) faults.push(`nothing shows where the focus is: ${name}`)
    const before = walk[i - 1]
    if (before && place >= 0 && before.place > place) faults.push(`out of order: ${name} after ${before.name}`)
  }
  return faults
}
