/** What a proof came to: facts of its runs → a matrix of addresses and endpoints, its verdict, and what follows for issues. */
import { endpointKey, type RunFacts } from '../../schema/facts.ts'
import type { ProofAsk, ProofCell, ProofResult, ProofRow, ProofSource } from '../../schema/proof.ts'
import type { Endpoint, Observation, TouchTarget } from '../../schema/wire.ts'
import { isLoss, type ProofVerdict, type Purpose, type SourceState, wasAccepted } from '../../schema/words.ts'
import { lookOf } from './cases.ts'
import { type ContentTest, contentTest } from './content.ts'
import { count, listed } from './text.ts'

/** Of the stimuli, and of the sweep, this share must have been answered: one blip of a path is no limit. */
const WHOLE_SHARE = 0.9
/** Touches of the endpoint as such. The others look at something else, or are kept connections. */
const TOUCHES: readonly Purpose[] = ['identify', 'engage', 'watch', 'recheck']
/** Nothing more is to come of an address in one of these. */
const OVER: readonly SourceState[] = ['done', 'offline', 'silent', 'refused', 'stopped']

/** The last word of an address that the stop of its proof kept from looking. */
export const STOPPED_BEFORE = { outcome: 'stopped' } as const

/** The endpoints that an address can reach: those of its own family. */
export const endpointsFor = (source: Pick<ProofSource, 'sourceAddress'>, endpoints: readonly TouchTarget[]) =>
  endpoints.filter(({ address }) => address.includes(':') === source.sourceAddress.includes(':'))

/** The matrix as it stands; `verdict` null while an address may still look. */
export function proofOf(ask: ProofAsk, runs: readonly RunFacts[]): ProofResult {
  const bare = ask.sources.map((source) =>
    rowOf(
      ask,
      source,
      runs.find((run) => run.probeId === source.probeId),
    ),
  )
  const lost = new Set(ask.issues.flatMap((issue) => issue.lost.map(endpointKey)))
  const away = awayOf(bare, lost)
  const rows = bare.map((row) => ({ ...row, verdict: verdictOf(ask, row, away) }))
  const isOver = rows.every(({ state }) => OVER.includes(state))
  const verdict = isOver ? worstOf(rows.map((row) => row.verdict)) : null
  const told = { verdict, rows, failing: failingOf(rows, away) }
  return { ...told, statement: statementOf(ask, told), closes: verdict === null ? [] : closedBy(ask, told) }
}

// ---------------------------------------------------------------- one address

function rowOf(ask: ProofAsk, source: ProofSource, run: RunFacts | undefined): Omit<ProofRow, 'verdict'> {
  const state = source.offline ? 'offline' : run ? stateOf(run) : 'waiting'
  const { asked = 0, tested = 0 } = run?.closing?.ports ?? {}
  return {
    probeId: source.probeId,
    site: source.site,
    sourceAddress: source.sourceAddress,
    state,
    swept: { asked, tested },
    cells: endpointsFor(source, ask.endpoints).map((target) => cellOf(ask, target, state, run)),
  }
}

function stateOf({ state, closing }: RunFacts): SourceState {
  if (state === 'due') return 'waiting'
  if (state === 'leased') return 'running'
  if (!closing) return 'silent'
  if (closing.outcome === 'done') return 'done'
  return closing.failure?.code === 'refused_by_probe' ? 'refused' : 'stopped'
}

function cellOf(ask: ProofAsk, target: TouchTarget, state: SourceState, run: RunFacts | undefined): ProofCell {
  const { address, port, service } = target
  const isHere = (one: Endpoint) => one.address === address && one.port === port
  const seen = (run?.observations ?? [])
    .filter((one) => isHere(one) && counts(one, isFit(run)))
    .toSorted((a, b) => a.at - b.at)
  const lastOpenAt = Math.max(
    0,
    ...seen.filter(({ sight }) => sight === 'open').map(({ at }) => at),
    ...(run?.spans ?? []).filter(isHere).map(({ to }) => to),
  )
  const content = run ? contentTest({ looks: seen.map((one) => lookOf(run, SCANNER, one)) }) : null
  const stimuli = run?.closing?.engagement?.find(isHere)
  const { planned = 0, done = 0 } = stimuli ?? {}
  const word = wordOf(ask, state, seen, lastOpenAt, {
    recheck: run?.closing?.recheck?.find(isHere)?.state ?? null,
    planned,
    done,
    isRefused: content !== null,
  })
  const losses = seen.filter(({ sight }) => isLoss(sight))
  // What is told of a cell: the loss where it was lost, else its last touch.
  const shown = content ? refusalOf(content) : word === 'shut' ? losses.at(-1) : seen.at(-1)
  return {
    address,
    port,
    service,
    word,
    sight: shown?.sight ?? (lastOpenAt > 0 ? 'open' : null),
    code: codeOf(shown, content),
    at: word === 'shut' ? (shown?.at ?? null) : Math.max(shown?.at ?? 0, lastOpenAt) || null,
    stimuli: { planned, done },
  }
}

/** Each address of a proof does what a scanner does. */
const SCANNER = { role: 'scanner', rested: false } as const

/** Of the requests that were refused for what they ask, the last. */
function refusalOf({ refused }: ContentTest): Observation | undefined {
  const last = refused.at(-1)
  return last && { ...last.observation, sight: last.sight }
}

/** `HTTP 403`; of a firewall that reads, `HTTP 403, 8 of 8 attack-shaped requests`. */
function codeOf(shown: Observation | undefined, content: ContentTest | null): string | null {
  const code = shown?.code ?? (shown?.httpStatus ? `HTTP ${shown.httpStatus}` : null)
  if (!content) return code
  return [code, `${content.refused.length} of ${content.attacks} attack-shaped requests`]
    .filter((part) => part !== null)
    .join(', ')
}

const counts = ({ purpose, sight, fit }: Observation, isFit: boolean): boolean =>
  TOUCHES.includes(purpose) && sight !== 'probe_fault' && ((fit !== false && isFit) || wasAccepted(sight))

/** A probe that does not reach a listener of ours either accuses nobody, but for what the target itself accepted. */
const isFit = (run: RunFacts | undefined): boolean => {
  const beacon = run?.observations.findLast(({ purpose }) => purpose === 'beacon')
  return beacon === undefined || beacon.sight === 'open'
}

function wordOf(
  { stimulus }: ProofAsk,
  state: SourceState,
  seen: readonly Observation[],
  lastOpenAt: number,
  told: { recheck: string | null; planned: number; done: number; isRefused: boolean },
): ProofCell['word'] {
  // Open as ports go; what a scan asks there is turned away all the same.
  if (told.isRefused) return 'shut'
  const losses = seen.filter(({ sight }) => isLoss(sight))
  // Two losses running, and nothing open since the first of them: no blip.
  const first = losses.at(-2)
  const isShut = first !== undefined && lastOpenAt <= first.at
  if (state === 'waiting' || state === 'running') return isShut ? 'shut' : 'waiting'
  if (state !== 'done') return isShut ? 'shut' : 'unseen'
  const last = seen.at(-1)
  if (told.recheck === null) return losses.length > 0 && !seen.some((one) => one.sight === 'open') ? 'shut' : 'unseen'
  // A port that accepts and then refuses in words, or by a page, is open as ports go; here it is shut.
  if (told.recheck !== 'open' && told.recheck !== 'reopened') return losses.length > 0 ? 'shut' : 'unseen'
  if (last && isLoss(last.sight)) return 'shut'
  if (told.recheck === 'reopened') return losses.length > 1 ? 'shut' : 'limited'
  if (stimulus === null || stimulus.profile === 'discovery') return 'passed'
  if (told.planned === 0) return 'unseen'
  return told.done < told.planned * WHOLE_SHARE ? 'limited' : 'passed'
}

// ---------------------------------------------------------------- all of them

/** Endpoints that no address reached and no issue calls lost: the service is away, which says nothing of an allowlist. */
function awayOf(rows: readonly Pick<ProofRow, 'cells'>[], lost: ReadonlySet<string>): ReadonlySet<string> {
  const cells = rows.flatMap((row) => row.cells)
  const keys = [...new Set(cells.map(endpointKey))]
  return new Set(
    keys.filter(
      (key) =>
        !lost.has(key) &&
        cells
          .filter((cell) => endpointKey(cell) === key)
          .every(({ word, stimuli }) => word === 'shut' && stimuli.done === 0),
    ),
  )
}

const fails = ({ word }: ProofCell): boolean => word === 'shut' || word === 'limited'

function verdictOf(ask: ProofAsk, row: Omit<ProofRow, 'verdict'>, away: ReadonlySet<string>): ProofVerdict | null {
  const cells = row.cells.filter((cell) => !away.has(endpointKey(cell)))
  if (cells.some(fails)) return 'not_proved'
  if (!OVER.includes(row.state)) return null
  const isWhole = row.state === 'done' && isSwept(ask, row) && row.cells.every(({ word }) => word === 'passed')
  return isWhole ? 'proved' : 'incomplete'
}

const isSwept = ({ stimulus }: ProofAsk, { swept }: Pick<ProofRow, 'swept'>): boolean =>
  stimulus === null || swept.tested >= swept.asked * WHOLE_SHARE

function worstOf(verdicts: readonly (ProofVerdict | null)[]): ProofVerdict {
  if (verdicts.includes('not_proved')) return 'not_proved'
  return verdicts.length > 0 && verdicts.every((verdict) => verdict === 'proved') ? 'proved' : 'incomplete'
}

const MOST_FAILING = 200

function failingOf(rows: readonly ProofRow[], away: ReadonlySet<string>): string[] {
  return rows
    .flatMap((row) => [
      ...row.cells
        .filter((cell) => fails(cell) && !away.has(endpointKey(cell)))
        .map((cell) => `${nameOf(row)}: ${portText(cell)} ${cellText(cell)}`),
      ...(WHY_NOT[row.state] ? [`${nameOf(row)}: ${WHY_NOT[row.state]}`] : []),
    ])
    .slice(0, MOST_FAILING)
}

const WHY_NOT: Partial<Record<SourceState, string>> = {
  offline: 'its probe was not there to be asked, or is drained',
  silent: 'its probe fell silent',
  refused: 'its probe may not touch this address',
  stopped: 'stopped before it had looked at everything',
}

const nameOf = ({ sourceAddress, site }: Pick<ProofRow, 'sourceAddress' | 'site'>): string =>
  `${sourceAddress} (${site})`
/** `203.0.113.9 22/tcp` */
const portText = ({ address, port }: Endpoint): string =>
  `${address.includes(':') ? `[${address}]` : address} ${port}/tcp`

/** What a cell says in words: `closed (ECONNREFUSED)`. */
export function cellText({ word, sight, code, stimuli }: ProofCell): string {
  const seen = sight === null ? 'never touched' : `${sight}${code ? ` (${code})` : ''}`
  switch (word) {
    case 'passed':
      return 'passes'
    case 'waiting':
      return 'not looked at yet'
    case 'unseen':
      return 'not seen'
    case 'shut':
      return seen === 'open' ? 'was lost on the way' : seen
    case 'limited':
      return stimuli.planned > stimuli.done
        ? `answered ${stimuli.done} of ${stimuli.planned} stimuli: a limit, or a path that loses packets`
        : 'answers at times only: a limit, or a path that loses packets'
  }
}

function statementOf(
  { stimulus, endpoints }: ProofAsk,
  { verdict, rows, failing }: Pick<ProofResult, 'verdict' | 'rows' | 'failing'>,
): string {
  const all = count(rows.length, 'address', 'addresses')
  const ports = count(endpoints.length, 'endpoint', 'endpoints')
  const shut = rows.filter((row) => row.verdict === 'not_proved')
  const shutOut = `${shut.length} of ${all} ${shut.length === 1 ? 'does' : 'do'} not get through: ${listed(shut.map(nameOf))}.`
  switch (verdict) {
    case null: {
      const over = rows.filter(({ state }) => OVER.includes(state)).length
      return shut.length > 0 ? shutOut : `${over} of ${all} ${over === 1 ? 'has' : 'have'} looked at ${ports}.`
    }
    case 'proved':
      return stimulus
        ? `${all} reached ${ports} before, during and after the stimulus of the ${stimulus.profile} profile.`
        : `${all} reached ${ports}. No stimulus was repeated: a defence that bans for what a scan does may still do so.`
    case 'not_proved':
      return shutOut
    case 'incomplete':
      return failing.length > 0
        ? `No address is seen shut out, but not all could look: ${failing.slice(0, 3).join('; ')}.`
        : 'No address is seen shut out, but not every endpoint was seen from each of them.'
  }
}

/** With the stimulus, from each address, and all that lost any among them: each lost endpoint was reached throughout. */
function closedBy(ask: ProofAsk, { verdict, rows }: Pick<ProofResult, 'verdict' | 'rows'>): string[] {
  if (ask.stimulus === null || verdict === 'not_proved') return []
  if (!rows.every((row) => row.state === 'done' && isSwept(ask, row))) return []
  return (
    ask.issues
      // A proof that began before its scanners were kept closes nothing.
      .filter(({ lost, scanners = [] }) => {
        const cells = rows.flatMap((row) => row.cells).filter((cell) => lost.some((one) => isSame(one, cell)))
        const areScannersIn =
          scanners.length > 0 &&
          scanners.every((scanner) =>
            rows.some(
              (row) => row.sourceAddress === scanner.sourceAddress || (!scanner.inUse && row.site === scanner.site),
            ),
          )
        const isWhole = lost.every((one) => cells.some((cell) => isSame(one, cell)))
        return lost.length > 0 && isWhole && areScannersIn && cells.every(({ word }) => word === 'passed')
      })
      .map(({ id }) => id)
  )
}

const isSame = (a: Endpoint, b: Endpoint): boolean => a.address === b.address && a.port === b.port
