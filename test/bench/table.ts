/** Prints rows as an aligned table that a person can read. Numbers are right-aligned. */
export function printTable(header: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const cells = [header, ...rows].map((row) => row.map(String))
  const widths = header.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)))
  const isNumber = header.map((_, column) => rows.every((row) => typeof row[column] === 'number'))
  for (const [index, row] of cells.entries()) {
    const line = row.map((cell, column) =>
      isNumber[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
    )
    console.log(line.join('  ').trimEnd())
    if (index === 0) console.log(widths.map((width) => '-'.repeat(width)).join('  '))
  }
}

/** The middle value; the mean of the two middle ones for an even count. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length === 0) return Number.NaN
  return sorted.length % 2 ? (sorted[middle] ?? Number.NaN) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

/** The last line of every measuring command, and its exit code: 0 when nothing is short. */
export function closeWith(name: string, shortfalls: readonly string[]): void {
  console.log(shortfalls.length === 0 ? `${name}: ok` : `${name}: short: ${shortfalls.join('; ')}`)
  process.exitCode = shortfalls.length === 0 ? 0 : 1
}
