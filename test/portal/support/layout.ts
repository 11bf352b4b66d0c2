/** Does a page hold together? Looked at as it is laid out: what is cut, what lies on something else, what sticks out. */
import type { Page } from 'playwright-core'

/** One sentence for each thing that is wrong with the page as it is shown now. */
export const layoutFaults = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const faults: string[] = []
    const root = document.documentElement
    const sideways = root.scrollWidth - root.clientWidth
    if (sideways > 0) faults.push(`the page scrolls sideways by ${sideways} px: ${widest()}`)
    const texts = shownTexts()
    for (const { text, cut } of texts) if (cut) faults.push(`cut off: ${text}`)
    faults.push(...overlaps())
    return faults.slice(0, 20)

    function widest(): string {
      const all = [...document.body.querySelectorAll('*')].filter((one) => {
        const { right } = one.getBoundingClientRect()
        return right > root.clientWidth + 0.5 && !scrollerOf(one)
      })
      const [worst] = all.filter((one) => !all.some((other) => other !== one && one.contains(other)))
      return worst ? nameOf(worst) : 'no element in sight'
    }

    function nameOf(one: Element): string {
      const said = (one.textContent ?? '').trim().slice(0, 60)
      const name = `${one.tagName.toLowerCase()}${one.id ? `#${one.id}` : ''}.${[...one.classList].join('.')}`
      return `${name} "${said}"`
    }

    /** The nearest ancestor in which one can scroll to it. */
    function scrollerOf(one: Element): Element | null {
      for (let up = one.parentElement; up && up !== document.body; up = up.parentElement)
        if (/auto|scroll/.test(getComputedStyle(up).overflowX)) return up
      return null
    }

    interface Shown {
      text: string
      parent: Element
      boxes: { left: number; right: number; top: number; bottom: number }[]
      cut: boolean
    }

    /** Each piece of text that can be seen, and where, less what its surroundings clip away. */
    function shownTexts(): Shown[] {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
      const found: Shown[] = []
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const parent = node.parentElement
        const said = (node.textContent ?? '').trim()
        if (!parent || said === '' || !isShown(parent) || parent.closest('.away, noscript, option')) continue
        const range = document.createRange()
        range.selectNodeContents(node)
        const boxes = [...range.getClientRects()].filter((box) => box.width > 1 && box.height > 1).slice(0, 50)
        const clip = clipOf(parent)
        const seen = boxes.map((box) => ({
          left: Math.max(box.left, clip.left),
          right: Math.min(box.right, clip.right),
          top: Math.max(box.top, clip.top),
          bottom: Math.min(box.bottom, clip.bottom),
        }))
        const last = Math.max(...boxes.map(({ right }) => right))
        const first = Math.min(...boxes.map(({ left }) => left))
        // The dots of an ellipsis say that there is more; where to have it is for the page's own tests.
        const isCut = clip.hard !== null && (last > clip.hard.right + 1 || first < clip.hard.left - 1) && !clip.dots
        found.push({
          text: `${nameOf(parent)}`,
          parent,
          boxes: seen.filter((box) => box.right - box.left > 1 && box.bottom - box.top > 1),
          cut: isCut,
        })
      }
      return found
    }

    function isShown(one: Element): boolean {
      return one.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true })
    }

    function clipOf(one: Element) {
      const clip = { left: -1e9, right: 1e9, top: -1e9, bottom: 1e9 }
      let hard: { left: number; right: number } | null = null
      let dots = false
      for (let up: Element | null = one; up && up !== document.body; up = up.parentElement) {
        const style = getComputedStyle(up)
        if (style.overflowX === 'visible' || style.display === 'inline') continue
        const box = up.getBoundingClientRect()
        clip.left = Math.max(clip.left, box.left)
        clip.right = Math.min(clip.right, box.right)
        clip.top = Math.max(clip.top, box.top)
        clip.bottom = Math.min(clip.bottom, box.bottom)
        if (/auto|scroll/.test(style.overflowX)) break
        hard ??= { left: box.left, right: box.right }
        dots ||= style.textOverflow === 'ellipsis'
      }
      return { ...clip, hard, dots }
    }

    /** Two texts on the same spot. Lines of one paragraph may touch: a quarter of the height above and below is air. */
    function overlaps(): string[] {
      const all = texts.flatMap(({ text, parent, boxes }) =>
        boxes.map((box) => {
          const air = (box.bottom - box.top) / 4
          return { text, parent, ...box, top: box.top + air, bottom: box.bottom - air }
        }),
      )
      all.sort((a, b) => a.top - b.top)
      const told = new Set<string>()
      for (const [i, a] of all.entries())
        for (let j = i + 1; j < all.length; j++) {
          const b = all[j]
          if (!b || b.top >= a.bottom) break
          if (a.parent === b.parent || isLayered(a.parent) !== isLayered(b.parent)) continue
          const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left)
          const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
          if (wide > 2 && high > 2) told.add(`on top of each other: ${a.text} and ${b.text}`)
        }
      return [...told]
    }

    /** What sticks or floats above the page lies over what scrolls beneath, and is meant to. */
    function isLayered(one: Element): boolean {
      for (let up: Element | null = one; up; up = up.parentElement)
        if (/fixed|sticky/.test(getComputedStyle(up).position)) return true
      return false
    }
  })
