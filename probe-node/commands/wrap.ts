/** Columns to write in: the terminal's, at most 100; 80 where there is none. */
export const widthOf = (out: { isTTY?: boolean; columns?: number }): number =>
  out.isTTY ? Math.max(40, Math.min(out.columns ?? 80, 100)) : 80

const WORDS = /(?:`[^`]*`|[^\s`]|`)+/g

/**
 * `lead` and then `text`, broken at blanks so that no line is wider than `width` columns; what follows the first line is
 * indented as far as the lead is long. A word wider than that stays whole, and so does a command between back quotes: broken
 * over two lines it could not be copied.
 */
export function wrapped(lead: string, text: string, width: number): string {
  const indent = [...lead].length
  const lines: string[] = []
  let line = ''
  for (const word of text.match(WORDS) ?? []) {
    if (line !== '' && indent + [...line].length + 1 + [...word].length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  lines.push(line)
  return `${lead}${lines.join(`\n${' '.repeat(indent)}`)}`
}
