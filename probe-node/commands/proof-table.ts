import { headOfFailing } from '../../schema/proof.ts'
import type { ProofAnswer } from '../../schema/proofApi.ts'
import { printable } from '../../schema/terminal.ts'
import type { CellWord, ProofVerdict } from '../../schema/words.ts'
import type { Colour, Paint } from './display.ts'
import { wrapped } from './wrap.ts'

/** Shapes first: the colour only repeats them. */
const MARK: Record<CellWord, { text: string; colour: Colour }> = {
  passed: { text: '+ passes', colour: 'green' },
  shut: { text: 'x SHUT', colour: 'red' },
  limited: { text: '~ limited', colour: 'yellow' },
  unseen: { text: '? not seen', colour: 'yellow' },
  waiting: { text: '. waiting', colour: 'dim' },
}
const TITLE: Record<ProofVerdict, { text: string; colour: Colour }> = {
  proved: { text: 'PROVED', colour: 'green' },
  not_proved: { text: 'NOT PROVED', colour: 'red' },
  incomplete: { text: 'INCOMPLETE', colour: 'yellow' },
}
const STOPPED = { text: 'STOPPED', colour: 'yellow' } as const
const FAILED = { text: 'FAILED', colour: 'red' } as const
const GAP = 2

export interface Look {
  width: number
  paint: Paint
}

/** What came of a proof: its verdict, the matrix, what still fails and what to do about it. */
export function proofText(proof: ProofAnswer, look: Look): string {
  const { paint, width } = look
  const { verdict, failure } = proof
  const title = verdict ? TITLE[verdict] : failure?.code === 'stopped' ? STOPPED : FAILED
  const said = failure ? failure.detail : proof.statement
  const lines = [
    paint('bold', paint(title.colour, title.text)),
    wrapped('  ', printable(said, 1_000), width),
    '',
    matrixText(proof, look),
  ]
  if (proof.endpointsLeftOut > 0)
    lines.push(
      wrapped('  ', `${proof.endpointsLeftOut} more known endpoints are beyond what one proof takes.`, width),
      '',
    )
  if (proof.failing.length > 0) {
    lines.push(headOfFailing(proof.sources))
    for (const one of proof.failing) lines.push(wrapped('  - ', printable(one, 400), width))
    lines.push('')
  }
  const todo = whatToDo(proof)
  if (todo.length > 0) {
    lines.push('What to do')
    for (const [i, step] of todo.entries()) lines.push(wrapped(`  ${i + 1}. `, step, width))
  }
  return `${lines.join('\n').trimEnd()}\n`
}

/** Addresses down, endpoints across; what does not fit beside each other comes below. */
export function matrixText({ endpoints, sources }: ProofAnswer, { width, paint }: Look): string {
  const names = sources.map(({ sourceAddress, site }) => `${sourceAddress} (${site})`)
  const lead = Math.max(0, ...names.map((name) => name.length))
  const isMany = new Set(endpoints.map(({ address }) => address)).size > 1
  const columns = endpoints.map((endpoint) => {
    const place = `${endpoint.port}/tcp ${endpoint.service}${endpoint.lost ? '*' : ''}`
    const head = isMany ? `${endpoint.address} ${place}` : place
    const cells = sources.map(({ cells }) =>
      cells.find(({ address, port }) => address === endpoint.address && port === endpoint.port),
    )
    const wide = Math.max(head.length, ...cells.map((cell) => (cell ? MARK[cell.word].text.length : 1)))
    return { head, cells, wide }
  })
  const lines: string[] = []
  for (let from = 0; from < columns.length; ) {
    let to = from
    let used = lead
    while (to < columns.length && (to === from || used + GAP + (columns[to]?.wide ?? 0) <= width - 2)) {
      used += GAP + (columns[to]?.wide ?? 0)
      to += 1
    }
    const part = columns.slice(from, to)
    lines.push(
      row(
        ''.padEnd(lead),
        part.map(({ head, wide }) => paint('bold', head) + blanks(wide - head.length)),
      ),
    )
    for (const [i, name] of names.entries())
      lines.push(
        row(
          name.padEnd(lead),
          part.map(({ cells, wide }) => {
            const cell = cells[i]
            const mark = cell ? MARK[cell.word] : { text: '-', colour: 'dim' as const }
            return paint(mark.colour, mark.text) + blanks(wide - mark.text.length)
          }),
        ),
      )
    lines.push('')
    from = to
  }
  if (endpoints.some(({ lost }) => lost)) lines.push('  * lost when it was last scanned', '')
  return lines.join('\n')
}

const blanks = (count: number): string => ' '.repeat(Math.max(0, count))
const row = (lead: string, cells: readonly string[]): string => `  ${[lead, ...cells].join('  ')}`.trimEnd()

function whatToDo({ verdict, state, stimulus, issueIds, closedIssueIds, sources, output }: ProofAnswer): string[] {
  if (state === 'failed') return ['Try again: `portwitness prove`.']
  const open = issueIds.filter((id) => !closedIssueIds.includes(id))
  const steps: string[] = []
  if (verdict === 'not_proved') {
    const shut = sources.filter((source) => source.verdict === 'not_proved').map(({ sourceAddress }) => sourceAddress)
    steps.push(
      `Allow ${shut.slice(0, 8).join(', ')}${shut.length > 8 ? ` and ${shut.length - 8} more` : ''} in the defence, and lift the bans that stand.`,
    )
    for (const id of open) steps.push(`Issue ${id} names the defence and shows the fix.`)
    steps.push('Prove it again.')
  }
  if (verdict === 'incomplete') steps.push('See that the probes named above are up, and prove it again.')
  if (verdict === 'proved' && !stimulus && open.length > 0)
    steps.push('Prove it with `--stimulus`: only then are the open issues closed.')
  if (verdict === 'proved' && stimulus && open.length > 0)
    steps.push(`${open.join(', ')} stays open: its own scanning address was not among these. Prove it from all sites.`)
  if (verdict === 'not_proved' && output) steps.push(`The raw output says what each address saw: ${output.href}`)
  return steps
}
