/**
 * Raw output beside the page: a link opens it whose `data-pane` says where the whole of it is. Without script the link leads to the text itself.
 * It opens at the re-check of the open ports, that of the port in `data-find` where there is one. `#L123` in the address opens it
 * at that line, so that a line can be sent to somebody.
 */
import { tell } from './shared/copy.ts'
import {
  type Line,
  linesOf,
  linesOfPort,
  MOST_LETTERS,
  MOST_LINES,
  RECHECK,
  recheckLine,
  sectionsOf,
  underHeads,
} from './shared/output.ts'
import { stopAt, walkLines } from './shared/walk.ts'

/** Lines in one block: those out of sight cost the browser nothing. */
const BLOCK = 200
const KEYS = 'Arrow keys lead from line to line, Enter makes the address lead there.'

interface Pane {
  box: HTMLDialogElement
  href: string
  lines: readonly Line[]
  list: HTMLElement
  state: HTMLElement
}
let pane: Pane | null = null

function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  props: Partial<HTMLElementTagNameMap[Name]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = Object.assign(document.createElement(name), props)
  element.append(...children)
  return element
}

async function open(href: string, find: string): Promise<void> {
  pane?.box.remove()
  const close = make('button', { type: 'button', className: 'close', textContent: 'Close' })
  const state = make('span', { role: 'status', textContent: 'Reading …' })
  const keys = make('span', { id: 'pane-keys', hidden: true, textContent: KEYS })
  const aloud = make('p', { className: 'away told-aloud', role: 'status' })
  // No stop of its own: one of its lines is.
  const list = make('div', { className: 'lines', tabIndex: -1, role: 'region', ariaLabel: 'Output, line by line' })
  list.setAttribute('aria-describedby', keys.id)
  walkLines(list)
  const bar = make('div', { className: 'bar' })
  const box = make(
    'dialog',
    { className: 'pane' },
    make('header', {}, make('h2', { id: 'pane-title', textContent: 'Scan output' }), close),
    bar,
    make('p', { className: 'dim state' }, state, ' ', keys),
    list,
    aloud,
  )
  box.setAttribute('aria-labelledby', 'pane-title')
  const opener = document.activeElement
  close.addEventListener('click', () => box.close())
  // A click beside it closes it.
  box.addEventListener('click', (event) => {
    if (event.target === box) box.close()
  })
  box.addEventListener('close', () => {
    box.remove()
    pane = null
    if (location.hash.startsWith('#L')) history.replaceState(null, '', location.pathname + location.search)
    if (opener instanceof HTMLElement && opener.isConnected) opener.focus()
  })
  document.body.append(box)
  box.showModal()
  pane = { box, href, lines: [], list, state }
  const text = await textOf(href)
  if (pane?.box !== box) return
  if (text === null) {
    state.textContent = 'It could not be read. It may be kept no more, or you are signed out.'
    return
  }
  pane = { ...pane, lines: linesOf(text) }
  fillBar(bar, pane, find)
  show(pane, find)
  keys.hidden = false
  if (lineInAddress() > 0) goToLine()
  // The address leads to the line only once somebody chose it.
  else mark(pane, recheckLine(pane.lines, find), find === '' ? 'start' : 'center', false)
}

/** As much of it as is shown; null when it cannot be had. */
async function textOf(href: string): Promise<string | null> {
  try {
    const answer = await fetch(href)
    if (!answer.ok || answer.redirected || !answer.body) return null
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return text
      text += value
      if (text.length < MOST_LETTERS) continue
      await reader.cancel()
      return text
    }
  } catch {
    return null
  }
}

function fillBar(bar: HTMLElement, now: Pane, find: string): void {
  const sections = sectionsOf(now.lines)
  const jump = make('select', { id: 'pane-jump' }, make('option', { value: '', textContent: 'a section' }))
  for (const { name, number } of sections) jump.append(make('option', { value: String(number), textContent: name }))
  const port = make('input', { id: 'pane-port', inputMode: 'numeric', maxLength: 5, autocomplete: 'off', value: find })
  const go = (line: number) => {
    if (port.value !== '') {
      port.value = ''
      show(now, '')
    }
    mark(now, line, 'start')
  }
  jump.addEventListener('change', () => {
    if (jump.value !== '') go(Number(jump.value))
  })
  // Only then: arrow keys go on from the section that stands in it.
  jump.addEventListener('blur', () => {
    jump.value = ''
  })
  port.addEventListener('input', () => show(now, port.value))
  const wrap = make('input', { type: 'checkbox', id: 'pane-wrap', checked: true })
  now.list.classList.add('wraps')
  wrap.addEventListener('change', () => now.list.classList.toggle('wraps', wrap.checked))
  const recheck = recheckLine(now.lines)
  if (recheck > 0) {
    const button = make('button', { type: 'button', textContent: RECHECK })
    button.addEventListener('click', () => go(recheck))
    bar.append(button)
  }
  const field = (input: HTMLElement, text: string, name: string) =>
    make('div', { className: name }, make('label', { htmlFor: input.id, textContent: text }), input)
  bar.append(
    field(jump, 'Go to', 'field'),
    field(port, 'Only port', 'field only'),
    make('div', { className: 'field line' }, wrap, make('label', { htmlFor: wrap.id, textContent: 'Wrap lines' })),
    make('a', { className: 'button', href: now.href, download: '', textContent: 'Download' }),
  )
}

function show(now: Pane, port: string): void {
  const isPort = /^\d{1,5}$/.test(port)
  const found = isPort ? linesOfPort(now.lines, port) : now.lines
  const lines = isPort ? underHeads(now.lines, found) : found
  const blocks: HTMLElement[] = []
  for (let i = 0; i < lines.length; i += BLOCK)
    blocks.push(make('div', { className: 'block' }, ...lines.slice(i, i + BLOCK).map(lineOf)))
  now.list.replaceChildren(...blocks)
  stopAt(now.list, blocks[0]?.firstElementChild)
  const cut = now.lines.filter(({ more }) => more > 0).length
  now.state.textContent = [
    isPort ? `${found.length} of ${now.lines.length} lines are about port ${port}.` : `${now.lines.length} lines.`,
    now.lines.length >= MOST_LINES ? 'There are more: the download has all.' : '',
    cut > 0 ? `${cut} long ${cut === 1 ? 'line is' : 'lines are'} cut here, not in the download.` : '',
  ]
    .filter((part) => part !== '')
    .join(' ')
}

function lineOf({ number, text, more }: Line): HTMLElement {
  const link = make('a', { href: `#L${number}`, tabIndex: -1, textContent: String(number) })
  link.setAttribute('aria-label', `Line ${number}`)
  const line = make('div', { id: `L${number}`, className: 'line' }, link, make('span', { textContent: text }))
  // Told by an attribute, so that who copies the lines does not copy this.
  if (more > 0) line.dataset.more = `… ${more.toLocaleString('en')} more characters`
  return line
}

function mark(now: Pane, number: number, block: ScrollLogicalPosition = 'center', isLinked = true): void {
  const old = now.list.querySelector('.line.marked')
  old?.classList.remove('marked')
  old?.firstElementChild?.removeAttribute('aria-current')
  const line = now.list.querySelector(`#L${number}`)
  if (!line) return
  line.classList.add('marked')
  line.firstElementChild?.setAttribute('aria-current', 'true')
  line.scrollIntoView({ block })
  stopAt(now.list, line)
  if (isLinked) history.replaceState(null, '', `#L${number}`)
  tell(`Line ${number}: ${isLinked ? 'the address leads here now.' : line.lastElementChild?.textContent}`)
}

const lineInAddress = (): number => Number(/^#L(\d{1,6})$/.exec(location.hash)?.[1] ?? 0)

function goToLine(): void {
  const number = lineInAddress()
  if (!pane || number === 0) return
  if (!pane.list.querySelector(`#L${number}`)) show(pane, '')
  mark(pane, number)
}

document.addEventListener('click', (event) => {
  if (!(event instanceof MouseEvent) || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return
  const target = event.target instanceof Element ? event.target : null
  const opener = target?.closest<HTMLElement>('a[data-pane]')
  const line = target?.closest<HTMLAnchorElement>('.pane .line a')
  if (line && pane) {
    event.preventDefault()
    mark(pane, Number(line.hash.slice(2)))
  } else if (opener?.dataset.pane) {
    event.preventDefault()
    void open(opener.dataset.pane, opener.dataset.find ?? '')
  }
})

function openAtAddress(): void {
  const opener = document.querySelector<HTMLElement>('a[data-pane]')
  if (lineInAddress() === 0 || !opener?.dataset.pane) return
  if (pane) goToLine()
  else void open(opener.dataset.pane, '')
}
window.addEventListener('hashchange', openAtAddress)
openAtAddress()
