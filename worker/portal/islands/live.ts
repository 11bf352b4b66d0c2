/**
 * A page of something that is under way. A running scan is followed by its events: small things are changed at once, and a moment
 * later the page's parts are fetched again, so that the server alone says how they look. A list is fetched now and then.
 */
import { tell } from './shared/copy.ts'
import { fetchPage, keepFresh, rememberParts, renew, replaceContent } from './shared/fresh.ts'
import { remaining } from './shared/remaining.ts'
import { utc } from './shared/times.ts'

/** News within this time are shown together. */
const TOGETHER_MS = 1_200
/** So often is something said aloud at most. */
const SAY_MS = 4_000
const POLL_MS = 5_000
const FEED = 8

const say = speaker()

rememberParts()
const under = document.getElementById('under')
if (under?.dataset.events) follow(under, under.dataset.events)
else void keepFresh()

function follow(root: HTMLElement, href: string): void {
  const source = new EventSource(href)
  const left = remaining()
  let due = 0
  let isOver = false
  const soon = () => {
    due ||= window.setTimeout(async () => {
      due = 0
      const page = await fetchPage()
      if (page && !isOver) renew(page)
    }, TOGETHER_MS)
  }
  const on = (name: string, act: (data: Record<string, unknown>) => void) =>
    source.addEventListener(name, (event) => {
      const data: unknown = JSON.parse((event as MessageEvent<string>).data)
      act((data ?? {}) as Record<string, unknown>)
    })

  on('phase', ({ phase }) => {
    left.restart()
    for (const step of root.querySelectorAll<HTMLElement>('[data-phase]'))
      if (step.dataset.phase === phase) step.setAttribute('aria-current', 'step')
      else step.removeAttribute('aria-current')
    showProgress(root, null, '')
    note(root, `Phase: ${phase}`, 'info')
    soon()
  })
  on('progress', ({ done, total }) => {
    if (typeof done !== 'number' || typeof total !== 'number') return
    showProgress(root, { done, total }, left.words(done, total, performance.now()))
  })
  on('port', ({ port, service }) => {
    note(root, `Port ${port} is open${service && service !== 'unknown' ? ` (${service})` : ''}`, 'good')
    soon()
  })
  on('alarm', ({ lost }) => {
    const ports = Array.isArray(lost) ? lost.map((each: { port: number }) => each.port).join(', ') : ''
    note(root, `Alarm: the scanner lost ${ports}; all probes look at it together`, 'warn')
    soon()
  })
  on('verdict', ({ port, verdict, strength }) => {
    if (verdict === 'open') return soon()
    const word = String(verdict).replaceAll('_', ' ')
    note(root, `Port ${port}: ${word}${strength ? `, ${strength}` : ''}`, word === 'transient' ? 'good' : 'bad')
    soon()
  })
  on('accompany.ready', () => note(root, 'Ready: the other scanner may start now', 'good'))
  on('ended', async ({ state }) => {
    isOver = true
    source.close()
    clearTimeout(due)
    say(`The scan has ended: ${state}.`)
    const page = await fetchPage()
    if (page) replaceContent(page)
    else location.reload()
  })
  // It comes again by itself after each end of the stream. Where it does not, because it was refused or nobody answers, the page is asked.
  let asking = 0
  let isAsked = false
  source.addEventListener('open', () => {
    window.clearInterval(asking)
    asking = 0
    // It was away for longer.
    if (isAsked) soon()
    isAsked = false
  })
  source.addEventListener('error', () => {
    if (isOver) return
    asking ||= window.setInterval(async () => {
      isAsked = true
      const page = document.hidden ? null : await fetchPage()
      if (!page || isOver) return
      if (page.getElementById('under')) renew(page)
      else location.reload()
    }, POLL_MS)
  })
}

function showProgress(root: HTMLElement, far: { done: number; total: number } | null, left: string): void {
  const bar = root.querySelector<HTMLProgressElement>('#far')
  const words = root.querySelector('#far-words')
  if (!bar || !words) return
  if (!far || far.total === 0) {
    bar.removeAttribute('value')
    words.textContent = ''
    return
  }
  bar.max = far.total
  bar.value = far.done
  const number = (n: number) => n.toLocaleString('en')
  words.textContent = `${number(far.done)} of ${number(far.total)}${left === '' ? '' : ` · ${left}`}`
}

/** A line of what just happened; the newest first. */
function note(root: HTMLElement, text: string, tone: string): void {
  const feed = root.querySelector<HTMLElement>('#feed')
  if (!feed) return
  const line = document.createElement('li')
  const time = document.createElement('time')
  const at = new Date()
  time.dateTime = at.toISOString()
  time.title = utc(at)
  time.textContent = at.toLocaleTimeString('en-GB')
  const words = document.createElement('span')
  words.className = `tone ${tone}`
  words.textContent = text
  time.dataset.local = ''
  line.append(time, words)
  feed.prepend(line)
  feed.hidden = false
  while (feed.children.length > FEED) feed.lastElementChild?.remove()
  say(`${text}.`)
}

/** What comes fast is said together; of much only the last things. */
function speaker(): (text: string) => void {
  let unsaid: string[] = []
  let saidAt = Number.NEGATIVE_INFINITY
  const speak = () => {
    saidAt = performance.now()
    tell(unsaid.slice(-4).join(' '))
    unsaid = []
  }
  return (text) => {
    unsaid.push(text)
    if (unsaid.length === 1) window.setTimeout(speak, Math.max(0, saidAt + SAY_MS - performance.now()))
  }
}
