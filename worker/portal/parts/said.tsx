import { printable } from '../../../schema/terminal.ts'

/** Shown of what a stranger said, in place. */
const MOST = 300

/** What somebody outside said, on one line: without what steers a terminal, turns the reading direction or cannot be seen. */
export const Said = ({ text, most = MOST }: { text: string; most?: number }) => (
  <span class="break">{printable(text, most)}</span>
)
