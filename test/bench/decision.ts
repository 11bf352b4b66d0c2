/**
 * Do the decisions keep their word? Simulated scans, judged by the real core: `node test/bench/decision.ts [runs]`.
 * Loss is drawn per packet with the kernel's clock (test/support/packets.ts), not by the formula that the tests use.
 * Every run has an alarm, also the innocent ones: that is their worst case.
 */
import type { PanelMember, RunFacts, ScanFacts } from '../../schema/facts.ts'
import type { Observation } from '../../schema/wire.ts'
import { type Decision, decide } from '../../worker/core/decide.ts'
import { type EndpointEvidence, evidenceOf } from '../../worker/core/evidence.ts'
import { judgeScan, lostAtOf } from '../../worker/core/judge.ts'
import { roundSteps } from '../../worker/core/plan.ts'
import { ROUND_AT_MS } from '../../worker/core/rounds.ts'
import { steer } from '../../worker/core/steer.ts'
import { ADDRESS, HTTP, HTTPS, PANEL, type Port, SSH, T0 } from '../support/facts.ts'
import { dice, openTouch, type Packets, refusedTouch, silentTouch } from '../support/packets.ts'
import { closeWith, median } from './table.ts'

const RUNS = Number(process.argv[2] ?? 10_000)
const LOSSES = [0, 0.01, 0.05, 0.2]
const TIMEOUT_MS = 6_000

type Touched = Pick<Observation, 'sight' | 'afterMs' | 'connectMs' | 'code'>
/** What a member's touch sees at a time after the start; `port` tells ports of partial blocks apart. */
type Reality = (who: PanelMember, port: number, at: number, packets: Packets) => Touched
interface Draw {
  ports: readonly Port[]
  onsetAt: number
  sees: Reality
  beacon: (who: PanelMember, at: number, packets: Packets) => Touched
}

/** One scan: baseline, watch every 5 s, an alarm, the rounds of the real plan; all facts as they would be stored. */
function play(draw: Draw, loss: number, roll: () => number): { facts: ScanFacts; alarmAt: number } {
  const rtt = new Map(PANEL.map((who) => [who.probeId, 5 + roll() * 150]))
  let n = 0
  const touch = (
    who: PanelMember,
    port: Port,
    at: number,
    rest: Pick<Observation, 'purpose'> & Partial<Observation>,
  ): Observation => {
    const packets: Packets = { roll, loss, rttMs: rtt.get(who.probeId) as number, timeoutMs: TIMEOUT_MS }
    return {
      n: ++n,
      check: port.check,
      address: ADDRESS,
      port: port.port,
      at: T0 + at,
      ...rest,
      ...draw.sees(who, port.port, at, packets),
    }
  }
  /** The beacon beside a round, on the same lossy way out; one that fails would void the round. */
  const beacon = (who: PanelMember, step: { at: number; round?: number | undefined }): Observation => {
    const packets: Packets = { roll, loss, rttMs: rtt.get(who.probeId) as number, timeoutMs: TIMEOUT_MS }
    return {
      n: ++n,
      check: 'tcp',
      address: '192.0.2.250',
      port: 443,
      at: step.at,
      purpose: 'beacon',
      round: step.round,
      ...draw.beacon(who, step.at - T0, packets),
    }
  }
  const run = (key: string, who: PanelMember, kind: RunFacts['kind']): RunFacts & { observations: Observation[] } => ({
    runId: `run_${key}`,
    key,
    probeId: who.probeId,
    role: who.role,
    kind,
    state: kind === 'scan' ? 'leased' : 'done',
    steps: [],
    observations: [],
    spans: [],
    found: [],
    discovered: kind === 'scan',
    heardAt: T0,
    closing: null,
  })
  const scanner = PANEL[0] as PanelMember
  const scan = run('scan', scanner, 'scan')
  scan.found = draw.ports.map((port) => ({ address: ADDRESS, ...port, firstSeenOpenAt: T0 + 500 }))
  const baselines = PANEL.slice(1).map((who) => {
    const one = run(`baseline:${who.probeId}`, who, 'baseline')
    for (const port of draw.ports) one.observations.push(touch(who, port, 1_000, { purpose: 'baseline' }))
    return one
  })
  let alarmAt = 0
  for (let at = 2_000; alarmAt === 0; at += 5_000)
    for (const [i, port] of draw.ports.entries()) {
      const seen = touch(scanner, port, at + i * 700, { purpose: 'watch' })
      scan.observations.push(seen)
      // An earlier failure has an alarm and a verification of its own; this one is about what happens at the onset.
      const failed = seen.sight !== 'open' && at >= draw.onsetAt
      if (alarmAt === 0 && (failed || at > draw.onsetAt + 6_000)) alarmAt = at + i * 700 + seen.afterMs
    }
  const startAt = T0 + alarmAt + 700
  const byPort = new Map(draw.ports.map((port) => [port.port, port]))
  const blank = evidenceOf(factsOf([scan, ...baselines], T0 + alarmAt, draw), T0 + alarmAt)
  const verifies = PANEL.map((who) => {
    const one = run(`verify:0:${who.probeId}`, who, 'verify')
    one.steps = roundSteps(0, startAt, blank.endpoints as EndpointEvidence[], who.probeId, 0, ROUND_AT_MS.length)
    for (const step of one.steps) {
      one.observations.push(beacon(who, step))
      // The second ration of ten minutes later is not part of a first verdict.
      for (const target of step.touches)
        if (step.at < startAt + 200_000) {
          one.observations.push(
            touch(who, byPort.get(target.port) as Port, step.at - T0, { purpose: 'verify', round: step.round }),
          )
        }
    }
    return one
  })
  return { facts: factsOf([scan, ...baselines, ...verifies], T0 + alarmAt, draw), alarmAt }
}

const factsOf = (runs: RunFacts[], alarmAt: number, { ports }: Draw): ScanFacts => ({
  scanId: 'scn_bench00001',
  targetId: 'tgt_bench00001',
  state: 'running',
  profile: 'standard',
  addresses: [ADDRESS],
  ports: '1-1000',
  portsAsked: 1_000,
  createdAt: T0,
  startedAt: T0,
  panel: PANEL,
  runs,
  anchors: [],
  lastKnown: [],
  alarms: [{ at: alarmAt, lost: ports.map(({ port }) => ({ address: ADDRESS, port })) }],
})

// ---------------------------------------------------------------- what can happen

const isScanner = (who: PanelMember) => who.role === 'scanner'
const PORTS = [HTTPS, HTTP, { port: 3306, service: 'mysql', check: 'greeting' }] as const
const portsFor = (roll: () => number): Port[] => PORTS.slice(0, 1 + Math.floor(roll() * 3))

/** The way to the beacon loses packets too, and nothing else: the outages here are nearer to the target. */
const reached = (_who: PanelMember, _at: number, packets: Packets): Touched => openTouch(packets)

const innocent = (roll: () => number): Draw => ({
  ports: portsFor(roll),
  onsetAt: 5_000 + roll() * 20_000,
  sees: (_who, _port, _at, packets) => openTouch(packets),
  beacon: reached,
})
/** Silent, refused, or accepted and cut; every port or just the first; SSH in a quarter of the runs. */
function blocked(roll: () => number): Draw {
  const how = [silentTouch, refusedTouch, cutTouch][Math.floor(roll() * 3)] as (packets: Packets) => Touched
  const ports = roll() < 0.75 ? portsFor(roll) : roll() < 0.5 ? [SSH] : [SSH, ...portsFor(roll)]
  const onsetAt = 3_000 + roll() * 20_000
  return {
    ports,
    onsetAt,
    beacon: reached,
    sees: (who, _port, at, packets) => (isScanner(who) && at >= onsetAt ? how(packets) : openTouch(packets)),
  }
}
function cutTouch(packets: Packets): Touched {
  const seen = openTouch(packets)
  return seen.sight === 'open' ? { sight: 'cut', code: 'ECONNRESET', afterMs: seen.afterMs } : seen
}
/** The scanner's path goes silent for a minute on the average; its sibling shares that 19 times out of 20. */
function pathOutage(roll: () => number): Draw {
  const onsetAt = 5_000 + roll() * 20_000
  const endsAt = onsetAt - 60_000 * Math.log(1 - roll())
  const shared = roll() < 0.95
  const hit = (who: PanelMember) => isScanner(who) || (shared && who.role === 'sibling')
  return {
    ports: portsFor(roll),
    onsetAt,
    beacon: reached,
    sees: (who, _port, at, packets) =>
      hit(who) && at >= onsetAt && at < endsAt ? silentTouch(packets) : openTouch(packets),
  }
}
function serviceStop(roll: () => number): Draw {
  const onsetAt = 5_000 + roll() * 20_000
  return {
    ports: portsFor(roll).slice(0, 1),
    onsetAt,
    beacon: reached,
    sees: (_who, _port, at, packets) => (at >= onsetAt ? refusedTouch(packets) : openTouch(packets)),
  }
}

// ---------------------------------------------------------------- counting

interface Count {
  runs: number
  /** runs with an endpoint confirmed, or at least likely, to be interfered with */
  confirmed: number
  accused: number
  /** endpoints of blocked runs, by what was found */
  endpoints: number
  recalled: number
  words: Map<string, number>
  fastS: number[]
  confirmedS: number[]
  connects: number[]
}

function count(draw: (roll: () => number) => Draw, loss: number, runs: number, seed: number): Count {
  const roll = dice(seed)
  const counts: Count = {
    runs,
    confirmed: 0,
    accused: 0,
    endpoints: 0,
    recalled: 0,
    words: new Map(),
    fastS: [],
    confirmedS: [],
    connects: [],
  }
  for (let i = 0; i < runs; i++) {
    const { facts, alarmAt } = play(draw(roll), loss, roll)
    const decisions = decide(evidenceOf(facts, T0 + alarmAt + 200_000))
    const selective = decisions.filter(
      ({ outcome }) => outcome.verdict === 'interfered' || outcome.verdict === 'degraded',
    )
    if (selective.some(({ outcome }) => outcome.strength === 'confirmed')) counts.confirmed++
    if (selective.length > 0) counts.accused++
    for (const decision of decisions) add(counts, decision, T0 + alarmAt)
  }
  return counts
}

function add(counts: Count, decision: Decision, alarmAt: number): void {
  const { endpoint, outcome } = decision
  counts.endpoints++
  if (outcome.verdict === 'interfered' || outcome.verdict === 'degraded') counts.recalled++
  const word = outcome.strength ? `${outcome.verdict} ${outcome.strength}` : outcome.verdict
  counts.words.set(word, (counts.words.get(word) ?? 0) + 1)
  const lostAt = lostAtOf(decision)
  if (endpoint.rationed || lostAt === null) return
  if (outcome.fastAt !== null) counts.fastS.push((outcome.fastAt - lostAt) / 1_000)
  if (outcome.confirmedAt === null) return
  const until = outcome.confirmedAt
  counts.confirmedS.push((until - lostAt) / 1_000)
  counts.connects.push(endpoint.looks.filter((look) => look.at >= alarmAt && look.at <= until).length)
}

/** Wilson's 95 % interval of a share. */
function wilson(k: number, n: number): [number, number] {
  const z = 1.96
  const p = k / n
  const centre = (p + z ** 2 / (2 * n)) / (1 + z ** 2 / n)
  const half = (z * Math.sqrt((p * (1 - p)) / n + z ** 2 / (4 * n ** 2))) / (1 + z ** 2 / n)
  return [Math.max(0, centre - half), Math.min(1, centre + half)]
}
const share = (k: number, n: number) => {
  const [low, high] = wilson(k, n)
  return `${k}/${n} [${(low * 100).toFixed(2)}, ${(high * 100).toFixed(2)}] %`
}

const short: string[] = []
const need = (holds: boolean, what: string) => {
  if (!holds) short.push(what)
}
const started = performance.now()

console.log(`\nNo block: ${RUNS} scans each, every one with an alarm`)
for (const [i, loss] of LOSSES.entries()) {
  const { confirmed, accused, runs, words } = count(innocent, loss, RUNS, 11 + i)
  console.log(
    `  loss ${String(loss * 100).padStart(2)} %  confirmed ${share(confirmed, runs)}  likely or confirmed ${share(accused, runs)}  ${list(words)}`,
  )
  need(confirmed === 0, `${confirmed} false confirmed at ${loss * 100} % loss`)
  need(accused / runs <= 0.001, `${accused} false accusations at ${loss * 100} % loss`)
}

console.log(`\nSource block from a random moment on: ${RUNS} scans each`)
for (const [i, loss] of LOSSES.entries()) {
  const { recalled, endpoints, fastS, confirmedS, connects, words } = count(blocked, loss, RUNS, 101 + i)
  const recall = recalled / endpoints
  console.log(
    `  loss ${String(loss * 100).padStart(2)} %  recall ${share(recalled, endpoints)}  median s to fast ${median(fastS).toFixed(1)}, to confirmed ${median(confirmedS).toFixed(1)}, connects ${median(connects)}  ${list(words)}`,
  )
  need(recall >= (loss > 0.05 ? 0.97 : 0.99), `recall ${recall.toFixed(4)} at ${loss * 100} % loss`)
  need(median(fastS) <= 20, `fast after ${median(fastS)} s at ${loss * 100} % loss`)
  need(median(confirmedS) <= 45, `confirmed after ${median(confirmedS)} s at ${loss * 100} % loss`)
  need(median(connects) <= 32, `${median(connects)} connects at ${loss * 100} % loss`)
}

console.log(`\nOther innocent causes: ${Math.ceil(RUNS / 4)} scans each (for information)`)
for (const [name, draw] of [
  ['path outage, sibling shares 95 %', pathOutage],
  ['service stopped', serviceStop],
] as const)
  for (const loss of [0, 0.05]) {
    const { confirmed, accused, runs, words } = count(draw, loss, Math.ceil(RUNS / 4), 1_001 + loss * 100)
    console.log(
      `  ${name}, loss ${loss * 100} %  confirmed ${share(confirmed, runs)}  likely or confirmed ${share(accused, runs)}  ${list(words)}`,
    )
    if (draw === serviceStop) need(accused === 0, `${accused} accusations for a stopped service`)
  }

const cpu = wideScanMs()
console.log(
  `\nOne judgement and steering of a scan with 1000 open ports, 16 of them under verification: ${cpu.toFixed(1)} ms`,
)
console.log(`Took ${((performance.now() - started) / 1_000).toFixed(0)} s`)
closeWith('bench:decision', short)

function list(words: ReadonlyMap<string, number>): string {
  return [...words.entries()]
    .toSorted(([, a], [, b]) => b - a)
    .map(([word, n]) => `${word} ${n}`)
    .join(', ')
}

/** The Worker's work at one renewal of the widest scan; the median of several. */
function wideScanMs(): number {
  const roll = dice(7)
  const ports = Array.from({ length: 16 }, (_, i) => ({ port: i + 1, service: 'tls', check: 'tls' }) as const)
  const { facts, alarmAt } = play({ ...blocked(roll), ports }, 0, roll)
  const scan = facts.runs.find((run) => run.kind === 'scan') as RunFacts
  const found = Array.from(
    { length: 1_000 },
    (_, i) => ({ address: ADDRESS, port: i + 1, check: 'tls', service: 'tls', firstSeenOpenAt: T0 }) as const,
  )
  const wide = { ...facts, runs: facts.runs.map((run) => (run === scan ? { ...run, found } : run)) }
  const times: number[] = []
  for (let i = 0; i < 40; i++) {
    const at = performance.now()
    steer(wide, judgeScan(wide, T0 + alarmAt + 60_000), T0 + alarmAt + 60_000)
    times.push(performance.now() - at)
  }
  return median(times.slice(10))
}
