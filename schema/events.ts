/**
 * What is told of: one shape for each event, versioned, as it is stored in the outbox, sent to webhooks and published at
 * `/schemas/events/{name}.json`. Enough for a reader and for a machine, every field bounded. Texts are plain: no markup, no
 * control characters. Links are paths on this Worker as long as they are stored, whole URLs once they are sent.
 */
import * as v from 'valibot'
import { CHECKED_METHODS, CONTROL_PROBLEMS } from './control.ts'
import { STEP_KINDS } from './judgement.ts'
import { portNumber, text, whole } from './shapes.ts'
import {
  CAUSE_CLASSES,
  CHANNEL_KINDS,
  FAILURES,
  FINDINGS,
  MECHANISMS,
  type NoticeName,
  PROFILES,
  RANGE_STATES,
  RECHECKS,
  SCAN_VERDICTS,
  SERVICES,
  SEVERITIES,
  STRENGTHS,
  VERDICTS,
} from './words.ts'

/**
 * Raised when a reader could misread what is sent. Fields and words may be added without: readers skip what they do not
 * know.
 */
export const EVENT_VERSION = 1

/** As many of each as an event carries; beside each list stands how many there are. */
export const MAX_PORTS = 50
export const MAX_LOSSES = 10
export const MAX_LOSS_PORTS = 20
export const MAX_REMEDIES = 3
export const MAX_STEPS = 8
export const MAX_RANGES = 50

const time = v.pipe(v.string(), v.maxLength(40), v.isoTimestamp())
const maybeTime = v.nullable(time)
const said = (max: number) => text(max, 0)
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1))
const many = whole(0, 1_000_000_000)
const link = v.pipe(text(2_000), v.regex(/^(?:https?:\/)?\//, 'must be a path or a URL'))
const opaque = v.pipe(text(60), v.regex(/^[A-Za-z0-9_.:-]+$/, 'must be an id'))
const list = <const T extends v.GenericSchema>(item: T, max: number) => v.pipe(v.array(item), v.maxLength(max))

// ---------------------------------------------------------------- parts

const Target = v.object({
  id: opaque,
  name: v.nullable(said(200)),
  address: said(253),
  tags: list(said(60), 20),
})
export type EventTarget = v.InferOutput<typeof Target>

const Scan = v.object({
  id: opaque,
  profile: v.picklist(PROFILES),
  verdict: v.nullable(v.picklist(SCAN_VERDICTS)),
  startedAt: maybeTime,
  /** whom the defence saw; null when nobody ever began */
  scanner: v.nullable(v.object({ sourceAddress: said(45), site: said(64) })),
})
export type EventScan = v.InferOutput<typeof Scan>

const CauseWord = v.object({
  class: v.picklist(CAUSE_CLASSES),
  mechanism: v.nullable(v.picklist(MECHANISMS)),
  vendor: v.nullable(said(100)),
  confidence: v.pipe(share, v.description('calibrated')),
})

const Port = v.object({
  address: said(45),
  port: portNumber,
  transport: v.literal('tcp'),
  service: v.picklist(SERVICES),
  verdict: v.picklist(VERDICTS),
  strength: v.nullable(v.picklist(STRENGTHS)),
  lostAt: maybeTime,
  recheck: v.nullable(v.picklist(RECHECKS)),
  cause: v.nullable(CauseWord),
  occurrenceId: v.nullable(opaque),
})
export type EventPort = v.InferOutput<typeof Port>

/** Ports that met the same fate for the same cause. */
const Loss = v.object({
  verdict: v.picklist(VERDICTS),
  strength: v.nullable(v.picklist(STRENGTHS)),
  cause: v.nullable(v.pipe(CauseWord, v.description('with the lowest confidence of these ports'))),
  addresses: v.pipe(list(said(45), 5), v.description('the first of them')),
  ports: v.pipe(list(portNumber, MAX_LOSS_PORTS), v.description('the first of them, ascending')),
  portsTotal: many,
  evidence: v.pipe(list(said(400), 2), v.description('the strongest sentences for it, of its first port')),
  askOwner: v.pipe(v.nullable(said(400)), v.description('the line of the owner’s log that would settle the cause')),
})
export type EventLoss = v.InferOutput<typeof Loss>

const Remedy = v.object({
  title: said(200),
  steps: v.pipe(
    list(v.object({ kind: v.picklist(STEP_KINDS), text: said(420) }), MAX_STEPS),
    v.description('the first steps, commands between back quotes'),
  ),
  stepsTotal: many,
  formats: v.pipe(list(said(40), 12), v.description('allowlist formats that fit: /ip-ranges/{format}')),
  ports: list(portNumber, MAX_LOSS_PORTS),
  portsTotal: many,
})
export type EventRemedy = v.InferOutput<typeof Remedy>

const Coverage = v.object({
  share,
  statement: said(600),
  portsAsked: many,
  portsTested: many,
  untested: v.pipe(said(400), v.description('nmap syntax; ends in … where there is more')),
})
export type EventCoverage = v.InferOutput<typeof Coverage>

const Issue = v.object({ id: opaque, finding: v.picklist(FINDINGS), title: said(400) })

const head = { severity: v.picklist(SEVERITIES), title: said(400), text: said(800) }
const losses = {
  losses: list(Loss, MAX_LOSSES),
  lossesTotal: many,
  ports: v.pipe(list(Port, MAX_PORTS), v.description('each port that was lost, by address and port')),
  portsTotal: many,
  remedies: v.pipe(list(Remedy, MAX_REMEDIES), v.description('what to do, for the most ports first')),
  remediesTotal: many,
}
/** null where there is nothing to show */
const scanLinks = {
  scan: link,
  output: v.pipe(v.nullable(link), v.description('raw scanner output')),
}
const issueLinks = {
  issue: link,
  ...scanLinks,
  allowlist: v.pipe(v.nullable(link), v.description('our address ranges in the defence’s own format')),
}

// ---------------------------------------------------------------- events

const trouble = {
  ...head,
  issue: Issue,
  target: Target,
  scan: Scan,
  coverage: v.nullable(Coverage),
  ...losses,
  links: v.object(issueLinks),
}
const IssueOpened = v.object(trouble)
const IssueUpdated = v.object({
  ...trouble,
  scan: v.pipe(v.nullable(Scan), v.description('null where a proof of the allowlist saw it')),
  proof: v.pipe(v.nullable(v.object({ id: opaque })), v.description('the proof that saw it; null where a scan did')),
})
const IssueResolved = v.object({
  ...head,
  issue: Issue,
  target: Target,
  proof: v.object({ by: v.picklist(['retest', 'proof']), id: opaque }),
  coverage: v.nullable(Coverage),
  links: v.object({ issue: link, proof: link, output: v.nullable(link) }),
})
const ScanFinished = v.object({
  ...head,
  target: Target,
  scan: Scan,
  coverage: v.nullable(Coverage),
  portsOpen: many,
  ...losses,
  issueIds: v.pipe(list(opaque, 5), v.description('open issues that this scan opened or saw again')),
  links: v.object({ ...scanLinks, allowlist: v.nullable(link) }),
})
const ScanFailed = v.object({
  ...head,
  target: Target,
  scan: Scan,
  failure: v.object({ code: v.picklist(FAILURES), detail: said(500) }),
  links: v.object(scanLinks),
})

const Range = v.object({
  cidr: said(49),
  site: said(64),
  country: v.nullable(said(2)),
  state: v.picklist(RANGE_STATES),
  activeFrom: maybeTime,
  retireAfter: maybeTime,
})
export type EventRange = v.InferOutput<typeof Range>
const Ranges = list(Range, MAX_RANGES)

const RangesChanged = v.object({
  ...head,
  serial: v.pipe(many, v.description('of the list as it is now; readers should also poll, notices can overtake')),
  previousSerial: v.nullable(many),
  sha256: v.pipe(said(64), v.description('of the bytes of that version, in hex')),
  changedAt: time,
  added: Ranges,
  addedTotal: many,
  changed: Ranges,
  changedTotal: many,
  removed: Ranges,
  removedTotal: many,
  links: v.object({ ranges: link, version: link, changes: v.nullable(link) }),
})
const AllowlistOutdated = v.object({
  ...head,
  target: Target,
  confirmed: v.pipe(
    v.nullable(v.object({ at: time })),
    v.description('the list that the owner last confirmed or proved; null when none'),
  ),
  serial: many,
  missing: v.pipe(Ranges, v.description('ranges in use that came later')),
  missingTotal: many,
  /** an issue that this may explain */
  issueId: v.nullable(opaque),
  links: v.object({ target: link, issue: v.nullable(link), allowlist: link }),
})
const probeFields = {
  ...head,
  probe: v.object({
    id: opaque,
    site: said(64),
    sourceAddress: said(45),
    country: v.nullable(said(2)),
    provider: v.nullable(said(100)),
  }),
  seenAt: time,
  links: v.object({ probes: link }),
}
const ProbeOffline = v.object({
  ...probeFields,
  scansTouched: v.pipe(many, v.description('scans under way that lose it')),
  reason: v.optional(
    v.pipe(
      said(300),
      v.description('it is heard of, but not believed any more, and this is why; absent: it is not heard of'),
    ),
  ),
})
const ProbeOnline = v.object({
  ...probeFields,
  offlineSince: maybeTime,
})

const ChannelSwitchedOff = v.object({
  ...head,
  channel: v.object({ id: opaque, kind: v.picklist(CHANNEL_KINDS), name: said(100) }),
  reason: v.pipe(said(300), v.description('what the platform answered')),
  waiting: v.pipe(many, v.description('messages that wait for it to be switched on again')),
  links: v.object({ channels: link }),
})

const ControlFailing = v.object({
  ...head,
  target: Target,
  address: said(45),
  state: v.pipe(v.picklist(['failing', 'lapsed']), v.description('lapsed: it is not scanned any more')),
  method: v.picklist(CHECKED_METHODS),
  expiresAt: v.pipe(time, v.description('end of the last proof')),
  problem: v.object({ code: v.picklist(CONTROL_PROBLEMS), detail: said(500) }),
  links: v.object({ target: link }),
})

// ---------------------------------------------------------------- envelope

const SHAPES = {
  'issue.opened': IssueOpened,
  'issue.updated': IssueUpdated,
  'issue.resolved': IssueResolved,
  'scan.finished': ScanFinished,
  'scan.failed': ScanFailed,
  'ip_ranges.changed': RangesChanged,
  'allowlist.outdated': AllowlistOutdated,
  'probe.offline': ProbeOffline,
  'probe.online': ProbeOnline,
  'channel.switched_off': ChannelSwitchedOff,
  'control.failing': ControlFailing,
} satisfies Record<NoticeName, v.GenericSchema>

const bodyOf = <const N extends NoticeName>(name: N) =>
  v.object({
    type: v.literal(name),
    version: v.literal(EVENT_VERSION),
    timestamp: v.pipe(time, v.description('when it happened')),
    test: v.pipe(v.optional(v.boolean()), v.description('sent by hand to try the channel; nothing has happened')),
    data: SHAPES[name],
  })

/** The whole body of each event, as Standard Webhooks has it: type, timestamp, data. */
export const EVENT_SHAPES = {
  'issue.opened': bodyOf('issue.opened'),
  'issue.updated': bodyOf('issue.updated'),
  'issue.resolved': bodyOf('issue.resolved'),
  'scan.finished': bodyOf('scan.finished'),
  'scan.failed': bodyOf('scan.failed'),
  'ip_ranges.changed': bodyOf('ip_ranges.changed'),
  'allowlist.outdated': bodyOf('allowlist.outdated'),
  'probe.offline': bodyOf('probe.offline'),
  'probe.online': bodyOf('probe.online'),
  'channel.switched_off': bodyOf('channel.switched_off'),
  'control.failing': bodyOf('control.failing'),
} satisfies Record<NoticeName, v.GenericSchema>

export const AnyEvent = v.variant('type', [
  EVENT_SHAPES['issue.opened'],
  EVENT_SHAPES['issue.updated'],
  EVENT_SHAPES['issue.resolved'],
  EVENT_SHAPES['scan.finished'],
  EVENT_SHAPES['scan.failed'],
  EVENT_SHAPES['ip_ranges.changed'],
  EVENT_SHAPES['allowlist.outdated'],
  EVENT_SHAPES['probe.offline'],
  EVENT_SHAPES['probe.online'],
  EVENT_SHAPES['channel.switched_off'],
  EVENT_SHAPES['control.failing'],
])
export type AnyEvent = v.InferOutput<typeof AnyEvent>
export type EventOf<N extends NoticeName> = Extract<AnyEvent, { type: N }>
