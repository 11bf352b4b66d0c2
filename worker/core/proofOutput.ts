/** The raw output of a proof: head, matrix, what still fails, then the log of each address's run. Plain text for people. */
import { endpointKey } from '../../schema/facts.ts'
import { headOfFailing, type ProofAsk, type ProofResult, type ProofRow } from '../../schema/proof.ts'
import { printable } from '../../schema/terminal.ts'
import type { CellWord } from '../../schema/words.ts'

export interface ProofOutputInput {
  proofId: string
  /** the target's name or address */
  target: string
  addresses: readonly string[]
  startedAt: number | null
  ask: ProofAsk
  result: ProofResult
  /** what each address's probe wrote, by its id */
  logs: ReadonlyMap<string, string>
}

const WIDTH = 100
const title = (text: string) => `== ${text} ${'='.repeat(Math.max(0, WIDTH - text.length - 4))}`

/** Shapes, not colours: they stand in logs and mails too. */
export const CELL_MARK: Record<CellWord, string> = {
  passed: '+ passes',
  shut: 'x shut',
  limited: '~ limited',
  unseen: '? not seen',
  waiting: '. waiting',
}

export function renderProof(input: ProofOutputInput): string {
  const { result, logs } = input
  return `${[
    head(input),
    title('Matrix'),
    matrixText(input.ask, result.rows),
    title(headOfFailing(result.rows)),
    result.failing.length > 0 ? result.failing.map((line) => `  ${printable(line, 400)}`).join('\n') : '  Nothing.',
    ...result.rows.flatMap((row) => [
      title(`From ${row.sourceAddress} (${row.site})`),
      (logs.get(row.probeId) ?? '').trimEnd() || 'Its probe reported no log.',
    ]),
  ].join('\n\n')}\n`
}

function head({ proofId, target, addresses, startedAt, ask, result }: ProofOutputInput): string {
  const { stimulus } = ask
  const repeated = stimulus
    ? `the ${stimulus.profile} profile, at most ${stimulus.maxConnectsPerSecond} connects a second${
        stimulus.scanId ? `, as in scan ${stimulus.scanId}` : ''
      }; ports swept besides: ${stimulus.ports === '' ? 'none' : stimulus.ports}`
    : 'none'
  return columns([
    ['Portwitness proof', proofId],
    ['Target', `${printable(target, 253)} (${addresses.join(', ')})`],
    ['Started', startedAt === null ? 'never' : new Date(startedAt).toISOString()],
    ['Sites', ask.sites.join(', ')],
    ['Stimulus', repeated],
    ...(ask.leftOut > 0 ? [['', `${ask.leftOut} known endpoints are beyond what one proof takes`]] : []),
    ['Verdict', result.verdict ?? 'not ended'],
    ['', result.statement],
  ])
}

function matrixText({ endpoints }: ProofAsk, rows: readonly ProofRow[]): string {
  const keys = endpoints.map(endpointKey)
  const cell = (row: ProofRow, key: string) => {
    const one = row.cells.find((some) => endpointKey(some) === key)
    return one ? CELL_MARK[one.word] : '- other family'
  }
  return columns([
    ['', ...keys],
    ...rows.map((row) => [`${row.sourceAddress} (${row.site})`, ...keys.map((key) => cell(row, key))]),
  ])
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) for (const [i, text] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, text.length)
  return rows
    .map((row) =>
      `  ${row.map((text, i) => (i === row.length - 1 ? text : text.padEnd(widths[i] ?? 0))).join('  ')}`.trimEnd(),
    )
    .join('\n')
}
