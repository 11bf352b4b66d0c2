/**
 * What a row of a backup must be. Whoever had the file may have changed it, and its rows are read together with those of all
 * tenants: text that is no JSON, or a list that is none, would fail a query that everybody needs.
 */
import * as v from 'valibot'
import { parseAddress } from '../schema/address.ts'
import type { BackupRow } from '../schema/backup.ts'
import { ChannelFilters, QuietHours, Reminders } from '../schema/channels.ts'
import { AnyEvent } from '../schema/events.ts'
import { IssueCause, OccurrenceSaid } from '../schema/issue.ts'
import { parseName } from '../schema/name.ts'
import { parsePorts } from '../schema/ports.ts'
import { read } from '../schema/read.ts'
import { label, listOf, portNumber, siteName, whole } from '../schema/shapes.ts'
import { Found, Observation, Span, TouchTarget } from '../schema/wire.ts'
import {
  CAUSE_CLASSES,
  NOTICES,
  PROFILES,
  RECHECKS,
  ROLES,
  SCAN_VERDICTS,
  SCOPES,
  SERVICES,
  SEVERITIES,
  VERDICTS,
} from '../schema/words.ts'
import { cronError } from './cron.ts'
import { badField, type Failure } from './failure.ts'
import { isTooDeep } from './guards/limit.ts'
import { type ColumnRule, columnRules } from './store/backup.ts'

/** So far may the clock of the stack that wrote a backup be ahead of ours. */
export const CLOCK_MS = 60_000

// ---------------------------------------------------------------- what JSON columns hold

// Loose where more may be there than is read without asking: earlier versions wrote less, later ones may write more.
const address = v.pipe(
  v.string(),
  v.check((text) => parseAddress(text) !== null, 'must be an address'),
)
const addressOrName = v.pipe(
  v.string(),
  v.check((text) => parseAddress(text) !== null || parseName(text) !== null, 'must be an address or a host name'),
)
const endpoint = v.looseObject({ address, port: portNumber })
const endpoints = v.array(endpoint)
const texts = v.array(v.string())
const anything = v.looseObject({})

const Member = v.looseObject({ probeId: v.string(), role: v.picklist(ROLES), site: v.string(), sourceAddress: address })
const Cause = v.looseObject({
  class: v.picklist(CAUSE_CLASSES),
  mechanism: v.nullable(v.string()),
  confidence: v.number(),
  alternatives: v.array(anything),
  indistinguishable: texts,
})
const Port = v.looseObject({
  ...{ address, port: portNumber, service: v.picklist(SERVICES), verdict: v.picklist(VERDICTS) },
  recheck: v.nullable(v.picklist(RECHECKS)),
  cause: v.nullable(Cause),
  evidence: v.array(v.looseObject({ rule: v.string(), text: v.string(), observations: texts })),
  coverage: v.looseObject({ reachableSeconds: v.number(), lostSeconds: v.number(), share: v.number() }),
  remediation: v.nullable(v.looseObject({ title: v.string(), steps: texts, formats: texts })),
  probes: v.optional(texts),
})
const Coverage = v.looseObject({
  ...{ share: v.number(), statement: v.string(), portsAsked: v.number(), portsTested: v.number() },
  untested: v.string(),
})
const Waf = v.nullable(v.looseObject({ vendor: v.string(), evidence: texts }))
const Judgement = v.looseObject({
  rules: v.string(),
  verdict: v.nullable(v.picklist(SCAN_VERDICTS)),
  coverage: v.nullable(Coverage),
  waf: v.optional(Waf),
  ports: v.array(Port),
})
const LastKnown = v.looseObject({
  at: v.number(),
  scanId: v.string(),
  ports: v.array(v.looseObject({ ...endpoint.entries, check: v.string(), service: v.string(), verdict: v.string() })),
})
const Proof = v.looseObject({
  sites: texts,
  sources: v.array(v.looseObject({ probeId: v.string(), site: v.string(), sourceAddress: address })),
  endpoints,
  stimulus: v.nullable(v.looseObject({ profile: v.picklist(PROFILES), ports: v.string() })),
  issues: v.array(v.looseObject({ id: v.string(), lost: endpoints, scanners: v.array(anything) })),
})
const ProofRow = v.looseObject({
  ...{ probeId: v.string(), site: v.string(), sourceAddress: address, state: v.string() },
  cells: v.array(endpoint),
})
const Step = v.looseObject({ at: v.number(), touches: v.array(v.object(TouchTarget.entries)) })

/** By column: every one that holds JSON, and those of plain text that do. */
const JSON_SHAPES: Readonly<Record<string, v.GenericSchema>> = {
  'settings.value': v.unknown(),
  'range_changes.range': v.looseObject({ id: v.string(), cidr: v.string(), site: v.string() }),
  'probes.health': v.looseObject({ fit: v.boolean() }),
  'probes.directory': v.looseObject({ authority: v.string(), expires: v.number() }),
  'probes.stood_alone': v.array(v.looseObject({ by: v.string(), network: v.string() })),
  'controls.problem': v.looseObject({ code: v.string(), detail: v.string() }),
  'targets.sites': listOf(siteName, 20),
  'targets.anchors': listOf(endpoint, 4),
  'targets.tags': listOf(label(60), 20),
  'targets.scanners': v.record(v.string(), v.string()),
  'targets.last_known': v.record(v.string(), LastKnown),
  'targets.waf': Waf,
  'targets.outdated_by': v.array(v.looseObject({ rangeId: v.string(), cidr: v.string(), site: v.string() })),
  'targets.resolved': v.array(address),
  'channels.hint': v.looseObject({ url: v.string(), secrets: v.array(anything), publicKeys: texts }),
  'channels.events': v.array(v.picklist(NOTICES)),
  'channels.filters': v.object(ChannelFilters.entries),
  'channels.quiet_hours': QuietHours,
  'channels.reminders': v.object(Reminders.entries),
  'stories.flips': v.array(v.number()),
  'deliveries.tries': v.array(v.looseObject({ at: v.number(), said: v.string() })),
  'facts.body': v.looseObject({
    observations: v.optional(v.array(v.object(Observation.entries))),
    spans: v.optional(v.array(v.object(Span.entries))),
    found: v.optional(v.array(v.object(Found.entries))),
  }),
  'runs.plan': v.looseObject({ kind: v.string(), steps: v.optional(v.array(Step)) }),
  'runs.closing': v.looseObject({
    outcome: v.string(),
    engagement: v.optional(endpoints),
    recheck: v.optional(endpoints),
    logKey: v.nullish(v.string()),
  }),
  'issues.causes': v.array(v.object(IssueCause.entries)),
  'occurrences.said': v.object(OccurrenceSaid.entries),
  'scans.addresses': v.array(address),
  'scans.left_out': v.array(address),
  'scans.anchors': endpoints,
  'scans.networks': texts,
  'scans.only': v.array(v.object(TouchTarget.entries)),
  'scans.panel': v.array(Member),
  'scans.alarms': v.array(v.looseObject({ at: v.number(), lost: endpoints })),
  'scans.steering': v.looseObject({ hold: v.boolean(), lost: endpoints }),
  'scans.judgement': Judgement,
  'scans.proof': Proof,
  'scans.proof_result': v.looseObject({
    ...{
      verdict: v.nullable(v.string()),
      statement: v.string(),
      failing: texts,
      rows: v.array(ProofRow),
      closes: texts,
    },
  }),
  'scans.control': v.looseObject({ fetches: endpoints }),
  'outbox.body': v.looseObject({
    type: v.picklist(NOTICES),
    data: v.looseObject({ severity: v.picklist(SEVERITIES) }),
  }),
}
export const isJsonColumn = (table: string, column: string): boolean => `${table}.${column}` in JSON_SHAPES

// ---------------------------------------------------------------- columns

const ports = v.pipe(
  v.string(),
  v.check((text) => !('error' in parsePorts(text)), 'must be ports such as 22,80,8000-8100'),
)
/** Text of a form of its own. */
const TEXT_SHAPES: Readonly<Record<string, v.GenericSchema>> = {
  'keys.scope': v.picklist(SCOPES),
  'targets.address': addressOrName,
  'targets.ports': ports,
  'outbox.name': v.picklist(NOTICES),
}
/** What has happened by now; a time that a row plans may lie ahead. */
const HAPPENED = /^(?:at|since|held_since|\w+_at)$/
const PLANNED = /^(?:due|next_due|next|deadline|expires|remind|leased)_at$/

function shapeOf(table: string, rule: ColumnRule, now: number): v.GenericSchema {
  const { column, isRequired, isNullable } = rule
  const text = JSON_SHAPES[`${table}.${column}`]
  const shape = text
    ? v.pipe(v.string(), v.parseJson(undefined, 'must be JSON'), text)
    : (TEXT_SHAPES[`${table}.${column}`] ?? plain(rule, now))
  const value = isNullable ? v.nullable(shape) : shape
  return isRequired ? value : v.optional(value)
}

function plain({ column, kind, words }: ColumnRule, now: number): v.GenericSchema {
  if (kind === 'text') return words ? v.picklist(words) : v.string()
  if (kind === 'real') return v.pipe(v.number(), v.finite())
  const number = whole(0, Number.MAX_SAFE_INTEGER)
  if (!HAPPENED.test(column) || PLANNED.test(column)) return number
  return v.pipe(
    number,
    v.check((at) => at <= now + CLOCK_MS, 'lies in the future'),
  )
}

/** Rows as they may be stored; throws the Failure that names the first that may not, and its field. */
export function checkedRows(table: string, rows: readonly BackupRow[], now: number): BackupRow[] {
  const rules = columnRules(table)
  const shape = v.strictObject(Object.fromEntries(rules.map((rule) => [rule.column, shapeOf(table, rule, now)])))
  return rows.map((given, i) => {
    const row = canonical(table, given, i)
    const told = read(shape, row)
    const [fault] = 'faults' in told ? told.faults : [objection(table, row)]
    if (fault) throw badRow(table, row, i, fault.field, fault.detail)
    return row
  })
}

/**
 * JSON as it is read here, written out again: what two readers could take for two things (a key that is there twice, a nesting
 * that the database does not follow) is told to neither.
 */
function canonical(table: string, row: BackupRow, at: number): BackupRow {
  const json = Object.entries(row).filter(([column, value]) => isJsonColumn(table, column) && value !== null)
  return {
    ...row,
    ...Object.fromEntries(
      json.map(([column, value]) => {
        const text = String(value)
        if (isTooDeep(text)) throw badRow(table, row, at, column, 'is nested too deep')
        try {
          return [column, JSON.stringify(JSON.parse(text))]
        } catch {
          throw badRow(table, row, at, column, 'must be JSON')
        }
      }),
    ),
  }
}

/** What no column says alone. */
function objection(table: string, row: BackupRow): { field: string; detail: string } | null {
  const isOwn = (key: unknown, scan: BackupRow[string] | undefined) =>
    key === null || key === undefined || String(key).startsWith(`${row.tenant_id}/${scan}/`)
  if (table === 'scans' && !isOwn(row.output_key, row.id))
    return { field: 'output_key', detail: 'must be an object of this scan' }
  if (table === 'runs' && typeof row.closing === 'string') {
    const { logKey } = JSON.parse(row.closing) as { logKey?: unknown }
    if (!isOwn(logKey, row.scan_id)) return { field: 'closing.logKey', detail: 'must be an object of this scan' }
  }
  // What was told already may be told in the words of an earlier version.
  if (
    table === 'outbox' &&
    typeof row.spread_at !== 'number' &&
    'faults' in read(AnyEvent, JSON.parse(String(row.body)))
  )
    return { field: 'body', detail: 'must be an event' }
  if (table !== 'targets') return null
  if (typeof row.schedule === 'string') return cronError(row.schedule, String(row.timezone))
  return typeof row.next_due_at === 'number' ? { field: 'next_due_at', detail: 'goes with a schedule' } : null
}

/** The refusal of one row. It is named by its place among those that were sent, and by its id where it has one of ours. */
export function badRow(table: string, row: BackupRow, at: number, field: string, detail: string): Failure {
  const id = typeof row.id === 'string' && /^[a-z]{3}_\w{1,60}$/.test(row.id) ? ` (${row.id})` : ''
  return badField('invalid', `rows.${at}.${field}`, `${table}, row ${at + 1}${id}: ${field} ${detail}`)
}
