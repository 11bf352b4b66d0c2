import type { Format } from '../../../worker/core/remedies/remedy.ts'
import type { Apart } from './packages.ts'

/** One defence that shuts out a scanning network, and our text that exempts the scanner from it. */
export interface Case {
  format: Format
  /** who blocks, for the table */
  defence: string
  /** what reads the text and must find nothing wrong with it */
  checker: string
  /** programs and files that must be here */
  needs: readonly string[]
  apart?: Apart
  /** shell text inside the target's container: the service and its defence, without our file */
  up: string
  /** the same, afterwards: the file $ALLOW put where its own first lines say, and the defence told of it */
  allow: string
  /** the same, after that: exits with 0 when the checker is content */
  check: string
  /** how the scanning address knocks, or shell text inside the container that plays $SOURCE */
  try:
    | {
        port: number
        kind: 'connect' | 'greeting' | 'http' | 'imap'
        count: number
        pauseMs?: number
        settleMs?: number
        text?: string
      }
    | { shell: string }
  /** what the last knock sees when it gets through */
  through: RegExp
}
