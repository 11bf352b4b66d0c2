/** What is in the reader's hands while a part of the page is put in anew: focus, what is open, what is typed, how far it is scrolled. */

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement
const FIELDS = 'input, select, textarea'
const isField = (element: Element | null): element is Field => element?.matches(FIELDS) ?? false
const TICKED = ['checkbox', 'radio']

/** Whoever types or marks text in a part would lose the place, whatever is put back. */
export function isBusy(part: Element): boolean {
  const focused = document.activeElement
  if (part.contains(focused) && isField(focused) && !TICKED.includes(focused.type)) return true
  const marked = document.getSelection()
  return !!marked && !marked.isCollapsed && (part.contains(marked.anchorNode) || part.contains(marked.focusNode))
}

/** Makes the change; what is open stays open, what is typed stays, and what has the focus keeps it, where they are still there. */
export function kept(root: HTMLElement, change: () => void): void {
  const focused = document.activeElement
  const held = focused && focused !== root && root.contains(focused) ? focused : null
  const before = {
    details: marksOf(root, 'details'),
    boxes: marksOf(root, 'section[tabindex]'),
    fields: marksOf(root, FIELDS),
    held: held && marksOf(root, held.tagName),
  }
  const open = new Map([...before.details.keys()].map((one) => [one, (one as HTMLDetailsElement).open]))
  const scrolled = new Map([...before.boxes.keys()].map((box) => [box, box.scrollLeft]))
  const typed = new Map(
    [...before.fields.keys()].flatMap((one) => (isChanged(one as Field) ? [[one, one as Field]] : [])),
  )
  change()
  for (const [old, now] of pairs(before.details, marksOf(root, 'details')))
    (now as HTMLDetailsElement).open = open.get(old) ?? false
  for (const [old, now] of pairs(before.boxes, marksOf(root, 'section[tabindex]')))
    now.scrollLeft = scrolled.get(old) ?? 0
  for (const [old, now] of pairs(before.fields, marksOf(root, FIELDS))) {
    const from = typed.get(old)
    if (from) carry(from, now as Field)
  }
  // Before the focus is given back: what it goes to may be woken by this.
  root.dispatchEvent(new CustomEvent('portwitness:fresh', { bubbles: true }))
  if (!held || !before.held) return
  const same = pairs(before.held, marksOf(root, held.tagName)).find(([old]) => old === held)?.[1]
  if (same instanceof HTMLElement || same instanceof SVGElement) same.focus({ preventScroll: true })
  // It is gone: the next Tab goes on from here, not from the top of the page.
  if (!root.contains(document.activeElement)) {
    if (!root.hasAttribute('tabindex')) root.tabIndex = -1
    root.focus({ preventScroll: true })
  }
}

function isChanged(field: Field): boolean {
  if (field instanceof HTMLSelectElement) {
    const first = [...field.options].findIndex((option) => option.defaultSelected)
    return field.selectedIndex !== Math.max(0, first)
  }
  if (field instanceof HTMLInputElement && TICKED.includes(field.type)) return field.checked !== field.defaultChecked
  return field.type !== 'hidden' && field.value !== field.defaultValue
}

function carry(from: Field, to: Field): void {
  if (from instanceof HTMLInputElement && to instanceof HTMLInputElement && TICKED.includes(to.type))
    to.checked = from.checked
  else if (to.type !== 'file') to.value = from.value
}

/** How an element is known again: by its name, else by being the so-manieth of its kind where it stands. */
interface Marks {
  name: string
  place: string
  /** of its kind at its place */
  many: number
}

/** Of all that fit, in the order of the page. */
function marksOf(root: Element, selector: string): Map<Element, Marks> {
  const found = [...root.querySelectorAll(selector)]
  const named = new Map<string, number>()
  const placed = new Map<string, number>()
  const nth = (of: Map<string, number>, key: string) => {
    const n = (of.get(key) ?? 0) + 1
    of.set(key, n)
    return `${key} ${n}`
  }
  const marks = found.map((one) => {
    const kind = `${placeOf(one)} ${one.tagName}`
    return { one, kind, name: nth(named, `${kind} ${nameOf(one)}`), place: nth(placed, kind) }
  })
  return new Map(marks.map(({ one, kind, name, place }) => [one, { name, place, many: placed.get(kind) ?? 0 }]))
}

/** Which of the new ones is which of the old. By place alone only where as many stand there as before. */
function pairs(before: Map<Element, Marks>, after: Map<Element, Marks>): [Element, Element][] {
  const byName = new Map([...after].map(([one, { name }]) => [name, one]))
  const byPlace = new Map([...after].map(([one, marks]) => [marks.place, { one, ...marks }]))
  const wasNamed = new Set([...before.values()].map(({ name }) => name))
  return [...before].flatMap(([old, { name, place, many }]) => {
    const there = byPlace.get(place)
    const isLikely = there && there.many === many && !wasNamed.has(there.name)
    const now = byName.get(name) ?? (isLikely ? there.one : undefined)
    return now ? [[old, now] as [Element, Element]] : []
  })
}

function placeOf(element: Element): string {
  const within = element.parentElement?.closest('article, section, form, [id]')
  if (!within) return ''
  return within.id || (within.querySelector('[id]')?.id ?? '')
}

/** What it is called, the same before and after: not by its text where it leads somewhere, which may tell how long ago. */
function nameOf(element: Element): string {
  if (element.id !== '') return `#${element.id}`
  const told = (name: string) => element.getAttribute(name) ?? ''
  const own = [told('href'), told('name'), told('aria-label')].join(' ').trim()
  if (own !== '') return `${own} ${isField(element) ? '' : told('value')}`
  if (element instanceof HTMLDetailsElement) return element.querySelector('summary')?.textContent ?? ''
  return element.matches('button, summary, g') ? (element.textContent ?? '') : ''
}
