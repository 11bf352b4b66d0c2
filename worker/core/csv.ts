/** Tables as files. */
export type Cell = string | number | boolean | null

/**
 * One cell of a CSV (RFC 4180). What a spreadsheet would take for a formula is told by its first character and gets an
 * apostrophe before it (OWASP, CSV Injection); numbers are what they are.
 */
export function csvCell(value: Cell): string {
  if (value === null) return ''
  if (typeof value !== 'string') return String(value)
  const text = /^\s*[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /["\r\n,;]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export const csvLine = (cells: readonly Cell[]): string => `${cells.map(csvCell).join(',')}\r\n`
