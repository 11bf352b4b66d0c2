/**
 * The pictures of lost ports, read mark by mark: pointing at one, or reaching it by Tab and the arrow keys, tells what it saw.
 * Left and right go along a source, up and down to what the next source saw at that moment. Without script each mark has its
 * title, and the list below the picture has all.
 */
import { local } from './shared/times.ts'

interface Panel {
  figure: HTMLElement
  box: HTMLElement
  /** the timer that may hide it */
  leaving: number
}
/** Between a mark and what is told of it. */
const ASIDE = 18
/** So long it takes at most to get from a mark to what is told of it, which stays as long as one points at it (WCAG 1.4.13). */
const GRACE_MS = 400
const panels = new WeakMap<Element, Panel>()

function wake(root: ParentNode): void {
  for (const svg of root.querySelectorAll<SVGSVGElement>('figure.picture svg.lanes')) {
    const figure = svg.closest<HTMLElement>('figure')
    if (!figure || panels.has(svg)) continue
    const box = document.createElement('div')
    box.className = 'told'
    box.hidden = true
    // What it says, each mark says itself to those who listen.
    box.setAttribute('aria-hidden', 'true')
    figure.append(box)
    panels.set(svg, { figure, box, leaving: 0 })
    svg.setAttribute('role', 'group')
    for (const [i, mark] of ticksOf(svg).entries()) {
      const title = mark.querySelector('title')
      const lane = mark.closest<SVGGElement>('.lane')?.dataset
      mark.dataset.told = toldBy(mark, title?.textContent ?? '', lane?.who)
      // The panel takes the place of the browser's own label.
      title?.remove()
      mark.setAttribute('role', 'img')
      mark.setAttribute('aria-label', `${lane?.name ?? ''}: ${mark.dataset.told.replaceAll('\n', '. ')}`)
      mark.setAttribute('tabindex', i === 0 ? '0' : '-1')
    }
    for (const hint of figure.querySelectorAll<HTMLElement>('.keys')) hint.hidden = false
  }
  goToHash()
}

/** With what is the same for all marks of one source, and stands at its lane. */
function toldBy(mark: SVGPathElement, title: string, who: string | undefined): string {
  const told = title.replace(AT, inZone)
  if (who === undefined) return told
  const [sight = '', ...rest] = told.split('\n')
  // `obs-run_….12`: the run, and its observation
  const run = mark.id.slice('obs-'.length).replace(/\.\d+$/, '')
  return [sight, `Seen by: ${who}`, ...rest, `Run: ${run}`].join('\n')
}

/** `At: 2026-11-22 17:28:47.123 UTC, 41 s after the start` */
const AT = /^At: (\S+) (\S+) UTC(.*)$/m

/** In the reader's zone, and in that of the axis. */
function inZone(line: string, day: string, clock: string, after: string): string {
  const at = new Date(`${day}T${clock}Z`)
  return at.getTimezoneOffset() === 0 ? line : `At: ${local(at, true)}${after}\nIn UTC: ${day} ${clock}`
}

const ticksOf = (root: ParentNode): SVGPathElement[] => [...root.querySelectorAll<SVGPathElement>('path.tick')]
const tickAt = (event: Event): SVGPathElement | null =>
  event.target instanceof Element ? event.target.closest<SVGPathElement>('figure.picture path.tick') : null
const middleOf = (mark: Element): number => {
  const { left, width } = mark.getBoundingClientRect()
  return left + width / 2
}

function show(mark: SVGPathElement): void {
  const svg = mark.ownerSVGElement
  const panel = svg && panels.get(svg)
  if (!panel) return
  const [first = '', ...rest] = (mark.dataset.told ?? '').split('\n')
  const head = document.createElement('strong')
  head.textContent = `${mark.closest<SVGGElement>('.lane')?.dataset.name ?? ''}: ${first}`
  const list = document.createElement('dl')
  for (const line of rest) {
    const at = line.indexOf(': ')
    const name = document.createElement('dt')
    const value = document.createElement('dd')
    name.textContent = line.slice(0, at)
    value.textContent = line.slice(at + 2)
    list.append(name, value)
  }
  clearTimeout(panel.leaving)
  panel.box.replaceChildren(head, list)
  panel.box.hidden = false
  for (const other of svg.querySelectorAll('path.tick.looked')) other.classList.remove('looked')
  mark.classList.add('looked')
  place(panel, mark)
}

/**
 * Left or right of the mark, and above or below its lane: what the others saw in the same seconds stays in sight, and the next marks
 * of its source can be pointed at.
 */
function place({ figure, box }: Panel, mark: Element): void {
  const frame = figure.getBoundingClientRect()
  const spot = mark.getBoundingClientRect()
  const { offsetWidth: width, offsetHeight: height } = box
  const [before, after] = [spot.left - frame.left - ASIDE - width, spot.right - frame.left + ASIDE]
  const left = after + width <= frame.width ? after : before >= 0 ? before : Math.max(0, (frame.width - width) / 2)
  const [above, below] = [spot.top - ASIDE - height, spot.bottom + ASIDE]
  const lowest = window.innerHeight - ASIDE - height
  // On the side on which there are fewer lanes to cover.
  const isHigh = spot.top - frame.top < frame.bottom - spot.bottom
  const top = (isHigh && above >= ASIDE) || below > lowest ? above : below
  box.style.left = `${left}px`
  box.style.top = `${Math.max(ASIDE, Math.min(top, lowest)) - frame.top}px`
}

function hide(svg: SVGSVGElement | null): void {
  const panel = svg && panels.get(svg)
  if (!panel) return
  clearTimeout(panel.leaving)
  panel.box.hidden = true
  for (const mark of svg.querySelectorAll('path.tick.looked')) mark.classList.remove('looked')
}

/** Pointer or focus went elsewhere. What is told stays while one of them is still with it. */
function leave(svg: SVGSVGElement | null): void {
  const panel = svg && panels.get(svg)
  if (!panel || panel.box.hidden) return
  clearTimeout(panel.leaving)
  panel.leaving = window.setTimeout(() => {
    if (panel.box.matches(':hover') || svg.querySelector('path.tick:hover')) return
    const focused = svg.querySelector<SVGPathElement>('path.tick:focus')
    if (focused) show(focused)
    else hide(svg)
  }, GRACE_MS)
}

/** Only one mark of a picture is reached by Tab: the one that was looked at last. */
function focus(mark: SVGPathElement): void {
  for (const other of mark.ownerSVGElement?.querySelectorAll('path.tick[tabindex="0"]') ?? [])
    other.setAttribute('tabindex', '-1')
  mark.setAttribute('tabindex', '0')
  mark.focus()
}

const nearest = (marks: readonly SVGPathElement[], x: number): SVGPathElement | undefined =>
  marks.toSorted((a, b) => Math.abs(middleOf(a) - x) - Math.abs(middleOf(b) - x))[0]

/** Where this key leads from this mark. */
function led(mark: SVGPathElement, key: string): SVGPathElement | undefined {
  const lane = mark.closest<SVGGElement>('.lane')
  const svg = mark.ownerSVGElement
  if (!lane || !svg) return undefined
  const own = ticksOf(lane)
  const at = own.indexOf(mark)
  const lanes = [...svg.querySelectorAll<SVGGElement>('.lane')].filter((one) => one.querySelector('path.tick'))
  const beside = (step: number) => {
    const next = lanes[lanes.indexOf(lane) + step]
    return next && nearest(ticksOf(next), middleOf(mark))
  }
  const ways: Readonly<Record<string, () => SVGPathElement | undefined>> = {
    ArrowLeft: () => own[at - 1],
    ArrowRight: () => own[at + 1],
    ArrowUp: () => beside(-1),
    ArrowDown: () => beside(1),
    Home: () => own[0],
    End: () => own.at(-1),
  }
  return ways[key]?.()
}

function goToHash(): void {
  const mark = location.hash.startsWith('#obs-') ? document.getElementById(location.hash.slice(1)) : null
  if (mark instanceof SVGPathElement && mark.ownerSVGElement && panels.has(mark.ownerSVGElement)) focus(mark)
}

document.addEventListener('pointerover', (event) => {
  const mark = tickAt(event)
  if (mark) show(mark)
})
document.addEventListener('pointerout', (event) => {
  const box = event.target instanceof Element ? event.target.closest('figure.picture > .told') : null
  leave(tickAt(event)?.ownerSVGElement ?? box?.parentElement?.querySelector<SVGSVGElement>('svg.lanes') ?? null)
})
document.addEventListener('click', (event) => {
  const mark = tickAt(event)
  if (!mark) return
  focus(mark)
  // It may have had the focus, and what it tells been put away.
  show(mark)
})
document.addEventListener('focusin', (event) => {
  const mark = tickAt(event)
  if (mark) show(mark)
})
document.addEventListener('focusout', (event) => {
  leave(tickAt(event)?.ownerSVGElement ?? null)
})
document.addEventListener('keydown', (event) => {
  // Wherever the focus is: who points by mouse may have it nowhere.
  if (event.key === 'Escape') for (const svg of document.querySelectorAll<SVGSVGElement>('svg.lanes')) hide(svg)
  const mark = tickAt(event)
  if (!mark || event.altKey || event.ctrlKey || event.metaKey) return
  const next = led(mark, event.key)
  if (!next && !event.key.startsWith('Arrow') && event.key !== 'Home' && event.key !== 'End') return
  event.preventDefault()
  if (next) focus(next)
})
window.addEventListener('hashchange', goToHash)
// A link to the mark that the address names already changes nothing in it.
document.addEventListener('click', (event) => {
  const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>('a[href^="#obs-"]') : null
  if (link && link.hash === location.hash) goToHash()
})
document.addEventListener('portwitness:fresh', (event) => {
  if (event.target instanceof Element) wake(event.target)
})
wake(document)
