/** Many lines as one stop of the Tab key: from the one where it stops, arrows, Home, End and the Page keys lead on. */

/** Of what is heard at this line beside its number. */
const TEXT = 'pane-line'

/** Makes this line the one that Tab reaches, and says what stands in it to those who listen. */
export function stopAt(list: HTMLElement, line: Element | null | undefined): void {
  const old = list.querySelector('.line a[tabindex="0"]')
  old?.setAttribute('tabindex', '-1')
  old?.removeAttribute('aria-describedby')
  old?.nextElementSibling?.removeAttribute('id')
  const link = line?.firstElementChild
  if (link?.nextElementSibling) link.nextElementSibling.id = TEXT
  link?.setAttribute('aria-describedby', TEXT)
  link?.setAttribute('tabindex', '0')
}

/** Lets the keys walk along the lines of this list, also as they will be later. */
export function walkLines(list: HTMLElement): void {
  list.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
    const line = event.target instanceof Element ? event.target.closest('.line') : null
    const step = STEPS[event.key]
    if (!line || !step) return
    event.preventDefault()
    const lines = [...list.querySelectorAll('.line')]
    const next = lines[step(lines, lines.indexOf(line), list.clientHeight)]
    if (!next) return
    stopAt(list, next)
    const link = next.querySelector('a')
    link?.focus({ preventScroll: true })
    // The whole of the line, not of its number alone.
    next.scrollIntoView({ block: 'nearest' })
  })
}

/** Where a key leads from the line at a place of `lines`; `height` is that of what one sees of them. */
type Step = (lines: readonly Element[], at: number, height: number) => number
const STEPS: Readonly<Record<string, Step>> = {
  ArrowDown: (_, at) => at + 1,
  ArrowUp: (_, at) => at - 1,
  Home: () => 0,
  End: (lines) => lines.length - 1,
  PageDown: (lines, at, height) => paged(lines, at, height, 1),
  PageUp: (lines, at, height) => paged(lines, at, height, -1),
}

/** To the last line that can be seen together with this one: a wrapped line may be many high. */
function paged(lines: readonly Element[], at: number, height: number, by: 1 | -1): number {
  let to = at + by
  const fits = (next: number) => {
    const [upper, lower] = by > 0 ? [lines[at], lines[next]] : [lines[next], lines[at]]
    return !!upper && !!lower && lower.getBoundingClientRect().bottom - upper.getBoundingClientRect().top <= height
  }
  while (fits(to + by)) to += by
  return to
}
