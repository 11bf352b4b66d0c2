import type { WriteStream } from 'node:tty'

/** Where live progress goes: a terminal that redraws its last line, or plain lines. Never stdout. */
export interface Display {
  /** a line that stays */
  line(text: string): void
  /** what is going on now; on a terminal it replaces itself, elsewhere it is left out */
  status(text: string): void
  /** forgets the status line, so that what follows starts on a clean one */
  end(): void
  paint: Paint
}
export type Colour = 'red' | 'green' | 'yellow' | 'dim' | 'bold'
export type Paint = (colour: Colour, text: string) => string

const CODE: Record<Colour, number> = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 }
const REDRAW_MS = 80

/** Colours only on a terminal, and not when NO_COLOR is set (no-color.org) or the terminal is dumb. */
export const paintFor = (out: { isTTY?: boolean }): Paint => {
  const coloured = out.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb'
  return (colour, text) => (coloured ? `\x1b[${CODE[colour]}m${text}\x1b[0m` : text)
}

export function openDisplay(out: NodeJS.WriteStream | WriteStream): Display {
  const live = out.isTTY === true && process.env.TERM !== 'dumb'
  const paint = paintFor(out)
  let shown = ''
  let drawnAt = 0
  const clear = () => {
    if (shown !== '') out.write('\r\x1b[K')
    shown = ''
  }
  return {
    paint,
    line: (text) => {
      const again = shown
      clear()
      out.write(`${text}\n`)
      if (again !== '') {
        out.write(again)
        shown = again
      }
    },
    status: (text) => {
      if (!live || Date.now() - drawnAt < REDRAW_MS) return
      drawnAt = Date.now()
      clear()
      // One column is left free: a full line would wrap on some terminals.
      shown = [...text].slice(0, (out.columns ?? 80) - 1).join('')
      out.write(shown)
    },
    end: clear,
  }
}

/** `███████░░░  70 %`, 20 columns wide. */
export function bar(done: number, total: number): string {
  const share = total > 0 ? Math.min(done / total, 1) : 0
  const full = Math.round(share * 20)
  return `${'█'.repeat(full)}${'░'.repeat(20 - full)} ${String(Math.floor(share * 100)).padStart(3)} %`
}
