import type { WriteStream } from 'node:tty'

/** Where live progress goes: a terminal that redraws its last line, or plain lines. Never stdout. */
export interface Display {
  /** a line that stays */
  line(text: string): void
  /** what is going on now; on a terminal it replaces itself, elsewhere it becomes a line when nothing else was said for long */
  status(text: string): void
  /** forgets the status line, so that what follows starts on a clean one */
  end(): void
  /** it redraws itself */
  isLive: boolean
  paint: Paint
}
export type Colour = 'red' | 'green' | 'yellow' | 'dim' | 'bold'
export type Paint = (colour: Colour, text: string) => string

const CODE: Record<Colour, number> = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 }
const REDRAW_MS = 80
/** A log of plain lines shows a sign of life at least every 30 s. */
const QUIET_MS = 25_000

/** Colours only on a terminal, and not when NO_COLOR is set (no-color.org) or the terminal is dumb. */
export const paintFor = (out: { isTTY?: boolean }): Paint => {
  const coloured = out.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb'
  return (colour, text) => (coloured ? `\x1b[${CODE[colour]}m${text}\x1b[0m` : text)
}

export function openDisplay(out: NodeJS.WriteStream | WriteStream, { quietMs = QUIET_MS } = {}): Display {
  const live = out.isTTY === true && process.env.TERM !== 'dumb'
  const paint = paintFor(out)
  let shown = ''
  let drawnAt = 0
  const openedAt = Date.now()
  let latest = ''
  let quiet: NodeJS.Timeout | undefined
  const clear = () => {
    if (shown !== '') out.write('\r\x1b[K')
    shown = ''
  }
  /** Plain lines only: the latest status, each time that nothing was said for a while. */
  const waitForQuiet = () => {
    clearInterval(quiet)
    quiet = setInterval(
      () => void out.write(`  after ${Math.round((Date.now() - openedAt) / 1_000)} s: ${latest}\n`),
      quietMs,
    )
    quiet.unref()
  }
  return {
    paint,
    isLive: live,
    line: (text) => {
      const again = shown
      clear()
      out.write(`${text}\n`)
      if (quiet) waitForQuiet()
      if (again !== '') {
        out.write(again)
        shown = again
      }
    },
    status: (text) => {
      latest = text
      if (!live) {
        if (!quiet) waitForQuiet()
        return
      }
      if (Date.now() - drawnAt < REDRAW_MS) return
      drawnAt = Date.now()
      clear()
      // One column is left free: a full line would wrap on some terminals.
      shown = [...text].slice(0, (out.columns ?? 80) - 1).join('')
      out.write(shown)
    },
    end: () => {
      clear()
      clearInterval(quiet)
      quiet = undefined
    },
  }
}

const shareOf = (done: number, total: number): number => (total > 0 ? Math.min(done / total, 1) : 0)

/** `70 %`, rounded down. */
export const percent = (done: number, total: number): string => `${Math.floor(shareOf(done, total) * 100)} %`

/** `███████░░░  70 %`, 20 columns wide. */
export function bar(done: number, total: number): string {
  const full = Math.round(shareOf(done, total) * 20)
  return `${'█'.repeat(full)}${'░'.repeat(20 - full)} ${percent(done, total).padStart(5)}`
}
