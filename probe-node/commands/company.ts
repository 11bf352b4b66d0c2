import type { ScanAnswer } from '../../schema/api.ts'

/** What a scan without witnesses cannot do, in one sentence; null when it has some, or while its panel is not chosen yet. */
export function missingCompany({ scanner, panel }: ScanAnswer): string | null {
  if (!scanner || panel.some((member) => member.role === 'witness')) return null
  const who = panel.length === 0 ? 'No other probe' : 'No probe of another site'
  return `${who} could look at the same time: a block cannot be proved (enrol probes in other sites).`
}
