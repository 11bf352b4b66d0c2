/**
 * Holds what was said on the wire, and acknowledged there, against what is in the database, the bucket and the receiver.
 * `lost`: the Worker said that it has it, and it is not there. `doubled`: it is there more often than it was said, or from
 * somebody whose lease was over.
 */
import { createHash } from 'node:crypto'
import type { Journal, Said } from './journal.ts'
import type { Kept } from './store.ts'

export interface Count {
  /** messages that were sent */
  sent: number
  /** effects that the Worker acknowledged and that were looked for */
  acknowledged: number
  lost: string[]
  doubled: string[]
}

export interface Told {
  /** `webhook-id` of each message that the receiver took */
  id: string
  body: string
}

export interface Books {
  journal: Journal
  kept: Kept
  /** ids of scans that the API accepted */
  accepted: readonly string[]
  /** what the receiver of webhooks took; null where nobody listens */
  told: readonly Told[] | null
}

interface Report {
  runId: string
  epoch: number
  seq: number
  observations: { n: number }[]
  spans: unknown[]
  found: unknown[]
}
const REPORTS = ['renew', 'alarm', 'result']
const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')

export function audit({ journal, kept, accepted, told }: Books): Count {
  const lost: string[] = []
  const doubled: string[] = []
  const reports = journal.said
    .filter(({ kind }) => REPORTS.includes(kind))
    .flatMap((said) => {
      const report = parsed(said.body)
      return report ? [{ said, report, name: nameOf(report) }] : []
    })
  const acknowledged = reports.filter(({ said }) => said.status === 200)
  const stored = new Map(kept.facts.map((row) => [`${row.run} ${row.epoch} ${row.seq}`, factsOf(JSON.parse(row.body))]))

  for (const { said, report, name } of once(acknowledged)) {
    if (carriesFacts(report) && stored.get(name) !== factsOf(report)) lost.push(`${said.kind} ${name}: facts`)
    const run = kept.runs.find(({ id }) => id === report.runId)
    if (said.kind === 'result' && run?.digest !== digestOf(said.body))
      lost.push(`result ${name}: not the one that is kept`)
    if (said.kind === 'result' && run?.ended === null) lost.push(`result ${name}: its run goes on`)
  }
  doubled.push(...strangers(kept, reports, stored), ...repeatedNumbers(kept), ...twiceApplied(acknowledged))
  doubled.push(...fenced(kept, journal, reports), ...refused(kept, reports))

  for (const id of accepted) {
    const scan = kept.scans.find((one) => one.id === id)
    if (!scan) lost.push(`scan ${id}: accepted and not there`)
    else if (!['finished', 'failed', 'cancelled'].includes(scan.state)) lost.push(`scan ${id}: never ended`)
  }
  effects(kept, lost, doubled)
  dangling(kept, lost)
  if (told) receivers(kept, told, lost, doubled)
  return { sent: reports.length, acknowledged: acknowledged.length + accepted.length, lost, doubled }
}

interface Heard {
  said: Said
  report: Report
  name: string
}
const nameOf = ({ runId, epoch, seq }: Report): string => `${runId} ${epoch} ${seq}`
const carriesFacts = ({ observations, spans, found }: Report): boolean =>
  observations.length + spans.length + found.length > 0

/** Each message once, however often it was sent. */
const once = (heard: readonly Heard[]): Heard[] => [
  ...new Map(heard.map((one) => [`${one.said.kind} ${digestOf(one.said.body)}`, one])).values(),
]

function parsed(body: string): Report | null {
  try {
    const report = JSON.parse(body) as Report
    return Array.isArray(report.observations) && typeof report.runId === 'string' ? report : null
  } catch {
    return null
  }
}

/** Facts as text that does not depend on the order of keys. */
function factsOf({ observations = [], spans = [], found = [] }: Partial<Report>): string {
  const ordered = (value: unknown): unknown =>
    typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value
  return JSON.stringify([observations, spans, found].map((list) => list.map(ordered)))
}

/** Rows that no message explains. */
function strangers(kept: Kept, reports: readonly Heard[], stored: ReadonlyMap<string, string>): string[] {
  const sent = new Map<string, Set<string>>()
  for (const { name, report } of reports) sent.set(name, (sent.get(name) ?? new Set()).add(factsOf(report)))
  return kept.facts.flatMap(({ run, epoch, seq }) => {
    const name = `${run} ${epoch} ${seq}`
    return sent.get(name)?.has(stored.get(name) ?? '') ? [] : [`facts ${name}: said by nobody`]
  })
}

/** A probe numbers its observations through all leases of a run: a number that comes twice was stored twice. */
function repeatedNumbers(kept: Kept): string[] {
  const seen = new Set<string>()
  const repeated: string[] = []
  for (const { run, body } of kept.facts)
    for (const { n } of (JSON.parse(body) as Report).observations ?? []) {
      const name = `${run} #${n}`
      if (seen.has(name)) repeated.push(`observation ${name}`)
      seen.add(name)
    }
  return repeated
}

/** Results that were each answered `applied`. */
function twiceApplied(acknowledged: readonly Heard[]): string[] {
  const applied = acknowledged
    .filter(({ said }) => said.kind === 'result' && said.answer.includes('"applied"'))
    .map(({ report }) => report.runId)
  return applied.filter((run, i) => applied.indexOf(run) !== i).map((run) => `result of ${run}: applied twice`)
}

/** Rows of a lease, all of whose messages were sent after the next lease of the run had been seen on the wire. */
function fenced(kept: Kept, journal: Journal, reports: readonly Heard[]): string[] {
  const leasedAt = new Map<string, number>()
  for (const { kind, status, answer, answeredAt } of journal.said) {
    if (kind !== 'lease' || status !== 200 || answeredAt === null) continue
    for (const { runId, epoch } of (JSON.parse(answer) as { runs: { runId: string; epoch: number }[] }).runs)
      for (let older = epoch - 1; older > 0; older--) {
        const name = `${runId} ${older}`
        leasedAt.set(name, Math.min(leasedAt.get(name) ?? Number.POSITIVE_INFINITY, answeredAt))
      }
  }
  const firstAsked = new Map<string, number>()
  for (const { said, name } of reports)
    firstAsked.set(name, Math.min(firstAsked.get(name) ?? Number.POSITIVE_INFINITY, said.askedAt))
  return kept.facts.flatMap(({ run, epoch, seq }) => {
    const over = leasedAt.get(`${run} ${epoch}`)
    const asked = firstAsked.get(`${run} ${epoch} ${seq}`)
    return over !== undefined && asked !== undefined && asked > over
      ? [`facts ${run} ${epoch} ${seq}: stored after a newer lease`]
      : []
  })
}

/** Rows whose every message was refused: no order of what happened explains them. */
function refused(kept: Kept, reports: readonly Heard[]): string[] {
  const answers = new Map<string, (number | null)[]>()
  for (const { said, name } of reports) answers.set(name, [...(answers.get(name) ?? []), said.status])
  return kept.facts.flatMap(({ run, epoch, seq }) => {
    const all = answers.get(`${run} ${epoch} ${seq}`) ?? []
    const isRefused = all.length > 0 && all.every((status) => status !== null && status >= 400 && status < 500)
    return isRefused ? [`facts ${run} ${epoch} ${seq}: refused and stored`] : []
  })
}

/** Issues, occurrences and notices: one of each, and none missing. */
function effects(kept: Kept, lost: string[], doubled: string[]): void {
  const twice = (what: string, names: readonly string[]) => {
    for (const name of new Set(names.filter((one, i) => names.indexOf(one) !== i))) doubled.push(`${what} ${name}`)
  }
  twice(
    'open issue',
    kept.issues.filter(({ closed }) => closed === null).map(({ target, finding }) => `${target} ${finding}`),
  )
  twice(
    'occurrence',
    kept.occurrences.map(({ scan, address, port }) => `${scan} ${address} ${port}`),
  )
  const notices = kept.outbox.map(({ body }) => subjectOf(body))
  twice('notice', notices)
  for (const { id, state } of kept.scans.filter(({ state: one }) => one === 'finished' || one === 'failed'))
    if (!notices.includes(`scan.${state} ${id}`)) lost.push(`notice scan.${state} ${id}`)
  const opened = new Set(notices.filter((one) => one.startsWith('issue.opened')).map((one) => one.split(' ')[1]))
  for (const { id } of kept.issues) if (!opened.has(id)) lost.push(`notice issue.opened ${id}`)
}

/** What an event tells of: its kind, and the scan or issue that it is about. */
function subjectOf(body: string): string {
  const { type, data } = JSON.parse(body) as {
    type: string
    data: { scan?: { id: string } | null; issue?: { id: string } }
  }
  const of = type.startsWith('issue.')
    ? [data.issue?.id, data.scan?.id]
    : [data.scan?.id ?? createHash('sha256').update(body).digest('hex')]
  return [type, ...of].filter(Boolean).join(' ')
}

/** Each key that a row names must lead to an object. */
function dangling({ runs, scans, objects }: Kept, lost: string[]): void {
  const there = new Set(objects)
  const logs = runs.flatMap(({ closing }) => (JSON.parse(closing ?? '{}') as { logKey?: string | null }).logKey ?? [])
  for (const key of [...logs, ...scans.flatMap(({ output }) => output ?? [])])
    if (!there.has(key)) lost.push(`object ${key}: named by a row and not there`)
}

/** Each notice once: sent again under the same id is known for what it is, under another it is a second notice. */
function receivers(kept: Kept, told: readonly Told[], lost: string[], doubled: string[]): void {
  const ids = new Map<string, Set<string>>()
  for (const { id, body } of told) {
    const subject = subjectOf(body)
    ids.set(subject, (ids.get(subject) ?? new Set()).add(id))
  }
  for (const [subject, under] of ids) if (under.size > 1) doubled.push(`told under ${under.size} ids: ${subject}`)
  const heard = new Set(told.map(({ id }) => id))
  for (const { id, body } of kept.outbox) if (!heard.has(id)) lost.push(`never told: ${subjectOf(body)}`)
}
