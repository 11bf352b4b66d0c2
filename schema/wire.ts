/**
 * Every message between Worker and probe. The probe asks, the Worker answers; nothing is pushed but "ask now".
 * All times are milliseconds since 1970 on the *Worker's* clock: a probe learns its offset from the `now` of each answer.
 */
import * as v from 'valibot'
import { ControlPlan, FETCHES, Fetched } from './control-wire.ts'
import { base64, id, instant, listOf, portNumber, text, whole } from './shapes.ts'
import {
  CHECKS,
  EXPERIMENTS,
  FAILURES,
  PHASES,
  PROFILES,
  PURPOSES,
  RANGE_STATES,
  RUN_KINDS,
  SERVICES,
  SIGHTS,
  STIMULI,
} from './words.ts'

export type { ControlPlan, Fetched } from './control-wire.ts'

/** Raised when an old probe could misread a message. A probe that speaks another version is told to upgrade (426). */
export const WIRE_VERSION = 1

/** Limits that both sides hold. */
export const LIMITS = {
  /** bytes of a probe message, as sent and after decompression */
  bodyBytes: 4 * 1024 * 1024,
  /** bytes of the log text in a result */
  outputBytes: 2 * 1024 * 1024,
  firstBytes: 512,
  observationsPerMessage: 2_000,
  spansPerMessage: 2_000,
  /** open ports that a scan keeps; a host with more accepts everything */
  openPorts: 1_000,
  addressesPerScan: 8,
  shortRuns: 8,
  /** of the short runs, how many may be baseline: verification must always find a place */
  baselineRuns: 6,
  stepsPerRun: 200,
  endpointsPerStep: 64,
} as const

/** How long a lease lasts without renewal, by run kind; the probe renews at a quarter of it or sooner, and sends nothing after it. */
export const LEASE_MS = {
  scan: 60_000,
  baseline: 600_000,
  verify: 60_000,
  recover: 60_000,
  prove: 120_000,
  control: 60_000,
} as const
/** At the latest so often a running scan asks again: the kill switch works within this. */
export const RENEW_MS = 15_000

const address = text(45, 2)
export const Endpoint = v.strictObject({ address, port: portNumber })
export type Endpoint = v.InferOutput<typeof Endpoint>

/** One endpoint and the exchange that shows its service is there. `service` carries the ration. */
export const TouchTarget = v.strictObject({
  address,
  port: portNumber,
  check: v.picklist(CHECKS),
  service: v.picklist(SERVICES),
})
export type TouchTarget = v.InferOutput<typeof TouchTarget>

/**
 * What one touch saw. `at` is the start of the touch, `afterMs` how long until `sight` was known, `connectMs` the TCP
 * handshake alone. `firstBytes` are the first bytes the target sent, base64. `identity` is a short hash of what should
 * stay the same while the service stays the same (host key line, certificate, Server header).
 */
export const Observation = v.strictObject({
  /** unique within the run, counted by the probe; (runId, n) is the observation's identity */
  n: whole(1, 10_000_000),
  purpose: v.picklist(PURPOSES),
  experiment: v.optional(v.picklist(EXPERIMENTS)),
  round: v.optional(whole(0, 1_000)),
  check: v.picklist(CHECKS),
  address,
  port: portNumber,
  sight: v.picklist(SIGHTS),
  code: v.optional(text(40)),
  syscall: v.optional(text(20)),
  at: instant,
  afterMs: whole(0, 120_000),
  connectMs: v.optional(whole(0, 120_000)),
  firstBytes: v.optional(base64(LIMITS.firstBytes)),
  httpStatus: v.optional(whole(100, 999)),
  identity: v.optional(text(64)),
  service: v.optional(v.picklist(SERVICES)),
  /** of the engagement's HTTP requests */
  stimulus: v.optional(v.picklist(STIMULI)),
  /** false when the probe was not fit at that moment: lag, no beacon, clock. Such a touch accuses nobody. */
  fit: v.optional(v.boolean()),
})
export type Observation = v.InferOutput<typeof Observation>

/** A stretch of watching in which every touch of an endpoint saw `open`; `from` and `to` are the first and last touch. */
export const Span = v.strictObject({
  address,
  port: portNumber,
  from: instant,
  to: instant,
  touches: whole(1, 1_000_000),
})
export type Span = v.InferOutput<typeof Span>

/** An open port as the scanner first knew it. */
export const Found = v.strictObject({
  address,
  port: portNumber,
  check: v.picklist(CHECKS),
  service: v.picklist(SERVICES),
  firstSeenOpenAt: instant,
  identity: v.optional(text(64)),
  /** random high ports of the same address accept as well: the host accepts everything */
  phantom: v.optional(v.boolean()),
})
export type Found = v.InferOutput<typeof Found>

export const Beacon = v.strictObject({ address, port: portNumber })
export type Beacon = v.InferOutput<typeof Beacon>

// ---------------------------------------------------------------- plans

/** The scanner's work, and that of each address in a proof: there nothing but `only` and `gaps` is touched. */
export const ScanPlan = v.strictObject({
  kind: v.literal('scan'),
  targetId: id('tgt'),
  addresses: v.pipe(v.array(address), v.minLength(1), v.maxLength(LIMITS.addressesPerScan)),
  /** the target's name, for TLS SNI and the HTTP Host header; null when the target is an address */
  name: v.nullable(text(253)),
  /** canonical port list, `22,80,8000-8100` */
  ports: text(200_000),
  profile: v.picklist(PROFILES),
  maxConnectsPerSecond: whole(1, 200_000),
  accompanySeconds: v.nullable(whole(5, 86_400)),
  /** ports of a retest, with the checks already known: touched directly, nothing but `gaps` is discovered */
  only: v.nullable(listOf(TouchTarget, LIMITS.openPorts)),
  /** of a retest: ports that the scan before could not test, swept after `only` */
  gaps: v.optional(text(200_000, 0)),
  /** what an earlier lease of this run already found; discovery need not find it again */
  known: listOf(Found, LIMITS.openPorts),
  /** an earlier lease of this run had finished discovery */
  discovered: v.boolean(),
  /** what that one could not test of these ports */
  untested: v.optional(text(200_000, 0)),
  /**
   * of a run of kind `prove`: nobody looks along, so what is lost is not verified and the sweep is not taken up again; after
   * the last stimulus the endpoints are watched for so long (ms)
   */
  proof: v.optional(v.strictObject({ watchMs: whole(0, 120_000) })),
  beacons: listOf(Beacon, 3),
})
export type ScanPlan = v.InferOutput<typeof ScanPlan>

/** So long before its touches the search for ports of a step with `sweep` begins: what a bucket holds is used up by then. */
export const SWEEP_LEAD_MS = 3_000

/**
 * One step of a short run: at `at` touch these endpoints once each (`burst` times, back to back, when given).
 * Baselines, rounds and experiments are all lists of steps. In experiment E8 an `http` or `https` touch asks by GET.
 */
export const Step = v.strictObject({
  at: instant,
  purpose: v.picklist(PURPOSES),
  experiment: v.optional(v.picklist(EXPERIMENTS)),
  round: v.optional(whole(0, 1_000)),
  touches: v.pipe(v.array(TouchTarget), v.minLength(1), v.maxLength(LIMITS.endpointsPerStep)),
  burst: v.optional(whole(2, 40)),
  /**
   * connects a second at which the scanner's search for ports of these addresses is to be at work while the touches are made,
   * from SWEEP_LEAD_MS before them: what it draws is to be seen. Only of an address that was `limited`.
   */
  sweep: v.optional(whole(1, 200_000)),
  timeoutMs: whole(500, 15_000),
  /** touch a beacon beside it, to show that the probe itself is fit */
  beacon: v.boolean(),
})
export type Step = v.InferOutput<typeof Step>

/**
 * Measuring work: `baseline`, `verify`, `recover`. The probe carries out each step when its time comes, renews
 * after each finished round, and ends when the answer says `stop`. With `standing` it waits for more steps after the last.
 */
export const TouchPlan = v.strictObject({
  kind: v.picklist(['baseline', 'verify', 'recover']),
  targetId: id('tgt'),
  name: v.nullable(text(253)),
  steps: listOf(Step, LIMITS.stepsPerRun),
  standing: v.boolean(),
  beacons: listOf(Beacon, 3),
})
export type TouchPlan = v.InferOutput<typeof TouchPlan>

export const Plan = v.variant('kind', [ScanPlan, TouchPlan, ControlPlan])
export type Plan = v.InferOutput<typeof Plan>

// ---------------------------------------------------------------- messages

export const Health = v.strictObject({
  agent: text(40),
  fit: v.boolean(),
  reasons: listOf(text(200), 10),
  lagMs: whole(0, 3_600_000),
  openFiles: v.optional(whole(0, 100_000_000)),
  clockOffsetMs: v.optional(whole(-4_000_000_000, 4_000_000_000)),
  spooled: whole(0, 1_000_000),
})
export type Health = v.InferOutput<typeof Health>

export const EnrolRequest = v.strictObject({
  wire: whole(1, 1_000),
  token: text(80),
  /** Ed25519 public key, raw 32 bytes, base64 */
  publicKey: v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]{43}=$/, 'must be 32 bytes in base64')),
  sourceAddress: address,
  allowPrivate: v.boolean(),
  agent: text(40),
})
export const EnrolAnswer = v.object({ probeId: id('prb'), site: text(64), sourceAddress: address, now: instant })
export type EnrolAnswer = v.InferOutput<typeof EnrolAnswer>

/**
 * The key directory (`/.well-known/http-message-signatures-directory`) signed by one of its keys, over `"@authority";req` of
 * one authority: RFC 9421, tag `http-message-signatures-directory`. Shows that whoever lists the key has it.
 */
export const SignedDirectory = v.strictObject({
  authority: text(300),
  /** the signature's parameters, as they stand in `Signature-Input` after the label */
  input: text(600),
  signature: v.pipe(base64(64), v.minLength(88)),
  expires: instant,
})
export type SignedDirectory = v.InferOutput<typeof SignedDirectory>

export const LeaseRequest = v.strictObject({
  wire: whole(1, 1_000),
  capacity: v.strictObject({
    scan: whole(0, 1),
    short: whole(0, LIMITS.shortRuns),
    baseline: whole(0, LIMITS.shortRuns),
  }),
  /** runs this process is carrying out; one that the Worker thinks it holds and is not here was lost with its process */
  holding: listOf(v.strictObject({ runId: id('run'), epoch: whole(1, 1_000_000) }), 1 + LIMITS.shortRuns),
  allowPrivate: v.boolean(),
  health: Health,
  /** as the answer before asked for it */
  directory: v.optional(SignedDirectory),
})
export type LeaseRequest = v.InferOutput<typeof LeaseRequest>

export const LeasedRun = v.object({
  runId: id('run'),
  scanId: id('scn'),
  kind: v.picklist(RUN_KINDS),
  epoch: whole(1, 1_000_000),
  /** since when it waits for this probe: one that waited long and was found by the clock was never rung for */
  dueAt: v.optional(instant),
  leaseUntil: instant,
  /** the run ends by then, whatever it has seen */
  deadlineAt: instant,
  plan: Plan,
  /** of the target's tenant: what HTTP touches carry as `Portwitness-Proof` */
  proofToken: v.optional(text(80)),
})
export type LeasedRun = v.InferOutput<typeof LeasedRun>
/** What a probe may do from its source address, by the life of the published range that holds it. */
export const Standing = v.object({
  /** null when no range holds it */
  range: v.nullable(text(49)),
  state: v.picklist([...RANGE_STATES, 'none']),
  /** it may touch what others found: baseline, verify, recover */
  looks: v.boolean(),
  /** it may scan, and prove */
  scans: v.boolean(),
  /** a retiring range: not a packet after this */
  until: v.nullable(instant),
  /** the reason, in one sentence */
  detail: text(300),
})
export type Standing = v.InferOutput<typeof Standing>

export const LeaseAnswer = v.object({
  now: instant,
  standing: Standing,
  /** the kill switch: stop all scanning at once */
  stopped: v.boolean(),
  runs: v.array(LeasedRun),
  nextPollMs: whole(100, 600_000),
  /** the newest version of the probe that this Worker knows */
  newest: v.optional(text(40)),
  /** where this Worker is reached from outside, without a slash at the end: how HTTP touches say who they are */
  publicUrl: v.optional(text(300)),
  /** the probe is asked to sign the key directory for this authority */
  signFor: v.optional(text(300)),
})
export type LeaseAnswer = v.InferOutput<typeof LeaseAnswer>

/** What every report of a run carries: facts since the last acknowledged report. `seq` counts up by one per report. */
const report = {
  runId: id('run'),
  epoch: whole(1, 1_000_000),
  seq: whole(1, 1_000_000),
  observations: listOf(Observation, LIMITS.observationsPerMessage),
  spans: listOf(Span, LIMITS.spansPerMessage),
  found: listOf(Found, LIMITS.openPorts),
}

export const RenewRequest = v.strictObject({
  ...report,
  phase: v.optional(v.picklist(PHASES)),
  progress: v.optional(v.strictObject({ done: whole(0, 10_000_000), total: whole(0, 10_000_000) })),
  /** accompany: baseline is done, the other scanner may start */
  ready: v.optional(v.boolean()),
  /** discovery is over: all open ports are in `found` so far */
  discovered: v.optional(v.boolean()),
  /** with `discovered`: the ports that could not be tested, should another lease have to end the run */
  untested: v.optional(text(200_000, 0)),
})
export type RenewRequest = v.InferOutput<typeof RenewRequest>

/**
 * `continue`: go on. `stop`: end the run now and send the result. `experiment`: go on, with the new `steps` appended.
 * (`continue` may carry steps too, for a standing run; a `baseline` touch that the probe made already is not made again,
 * whichever step it comes in.) `hold`: the scan must not end yet, because an endpoint is being
 * verified; ask again in `askAgainMs`. `lost`: endpoints whose stimulus must stop.
 */
export const RenewAnswer = v.object({
  now: instant,
  do: v.picklist(['continue', 'stop', 'experiment']),
  leaseUntil: instant,
  askAgainMs: whole(100, 600_000),
  steps: v.array(Step),
  hold: v.boolean(),
  lost: v.array(Endpoint),
  /** open touches need not be reported sooner than this, unless the bell rings: each report is a row */
  reportWithinMs: whole(0, 600_000),
})
export type RenewAnswer = v.InferOutput<typeof RenewAnswer>

/** An address that went on answering a part of what the search for ports asked: connects a second, asked and answered. */
export const Limited = v.strictObject({ address, offered: whole(1, 200_000), passed: whole(0, 200_000) })
export type Limited = v.InferOutput<typeof Limited>

/** First sight of a loss. The endpoints are those that the scanner saw open and now sees lost. */
export const AlarmRequest = v.strictObject({
  ...report,
  lost: listOf(Endpoint, LIMITS.openPorts),
  /** addresses whose every answer ended while ports were looked for, none being known that bears many touches: others may know one */
  silenced: v.optional(listOf(address, LIMITS.addressesPerScan)),
  /** addresses that dropped most of the search and answer again since it rests: what it drew can be drawn again, and seen by all */
  limited: v.optional(listOf(Limited, LIMITS.addressesPerScan)),
})
export type AlarmRequest = v.InferOutput<typeof AlarmRequest>
export const AlarmAnswer = v.object({ now: instant, accepted: v.boolean() })

export const ResultRequest = v.strictObject({
  ...report,
  outcome: v.picklist(['done', 'stopped', 'failed']),
  failure: v.optional(v.strictObject({ code: v.picklist(FAILURES), detail: text(500) })),
  /** scan runs: which of the asked ports were tried while the address was proved reachable, and the rest by name */
  ports: v.optional(
    v.strictObject({ asked: whole(0, 65_535 * 8), tested: whole(0, 65_535 * 8), untested: text(200_000, 0) }),
  ),
  /** scan runs: connects that it made, to all ports together; what was set aside besides is free again */
  connects: v.optional(whole(0, 1_000_000_000)),
  /** scan runs: stimuli planned and stimuli carried out while reachable, by endpoint */
  engagement: v.optional(
    listOf(
      v.strictObject({ address, port: portNumber, planned: whole(0, 100_000), done: whole(0, 100_000) }),
      LIMITS.openPorts,
    ),
  ),
  /** scan runs: state of each open port at the final re-check */
  recheck: v.optional(
    listOf(
      v.strictObject({ address, port: portNumber, state: v.picklist(['open', 'closed', 'unresponsive', 'reopened']) }),
      LIMITS.openPorts,
    ),
  ),
  /** control runs: what each address answered */
  fetched: v.optional(listOf(Fetched, FETCHES)),
  /** scan runs: the plain text log */
  output: v.optional(text(LIMITS.outputBytes, 0)),
})
export type ResultRequest = v.InferOutput<typeof ResultRequest>
/** `applied` and `duplicate` are both success: the result is safe and may be forgotten by the probe. */
export const ResultAnswer = v.object({ now: instant, outcome: v.picklist(['applied', 'duplicate']) })

/** The doorbell's only words. A ring has no content: the probe asks by `lease` and renews what it holds. */
export const RING = 'ask'
