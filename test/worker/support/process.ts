/** A probe's process that follows a script: it sees what a model lets it see, and carries out its runs as a real probe does. */
import type { Endpoint, LeasedRun, Observation, RenewAnswer, Step, TouchTarget } from '../../../schema/wire.ts'
import type { Sight } from '../../../schema/words.ts'
import type { Probe } from './fleet.ts'

/** What a probe sees of an endpoint at a time. */
export type Model = (probe: Probe, endpoint: Endpoint, now: number) => Sight

// ---------------------------------------------------------------- carrying out runs

interface Held {
  run: LeasedRun
  steps: Step[]
  done: Set<string>
  n: number
  seq: number
  waiting: Observation[]
  askAt: number
  /** scan runs: found ports, when each was last seen open, what is lost */
  startedAt: number
  told: boolean
  discovered: boolean
  lost: Set<string>
  watchedAt: number
  held: boolean
  released: readonly Endpoint[]
}

const stepKey = (step: Step) => [step.at, step.purpose, step.experiment, step.round].join('|')
const endpointOf = (touch: Endpoint) => `${touch.address} ${touch.port}`

/** One probe's process: what it holds is lost with it. */
export function openProcess(
  stage: { now(): number },
  probe: Probe,
  model: Model,
  /** `open`: what there is to find, the same for every run or by the run */
  options: { engageMs: number; open: readonly TouchTarget[] | ((run: LeasedRun) => readonly TouchTarget[]) },
) {
  const { open } = options
  const openIn = (run: LeasedRun) => (typeof open === 'function' ? open(run) : open)
  const holds = new Map<string, Held>()
  const holding = () => [...holds.values()].map(({ run }) => ({ runId: run.runId, epoch: run.epoch }))

  const observe = (held: Held, touch: TouchTarget, more: Partial<Observation>): Observation => {
    const sight = model(probe, touch, stage.now())
    const seen: Observation = {
      n: ++held.n,
      purpose: 'watch',
      check: touch.check,
      address: touch.address,
      port: touch.port,
      sight,
      at: stage.now(),
      afterMs: sight === 'open' ? 12 : sight === 'closed' ? 11 : 6_000,
      ...(sight === 'open' ? { service: touch.service, identity: `id-${touch.port}`, connectMs: 10 } : {}),
      ...(sight === 'closed' ? { code: 'ECONNREFUSED', syscall: 'connect' } : {}),
      ...more,
    }
    held.waiting.push(seen)
    return seen
  }
  const report = (held: Held) => ({
    runId: held.run.runId,
    epoch: held.run.epoch,
    seq: ++held.seq,
    observations: held.waiting.splice(0),
    spans: [],
    found: [] as object[],
  })
  async function renew(held: Held, more: object = {}): Promise<void> {
    const { status, body } = await probe.say<RenewAnswer>('renew', { ...report(held), ...more })
    if (status === 410) return void holds.delete(held.run.runId)
    if (status !== 200) throw new Error(`renew was answered ${status}: ${JSON.stringify(body)}`)
    held.steps = [...body.steps]
    held.askAt = stage.now() + body.askAgainMs
    held.held = body.hold
    if (body.do === 'stop') await result(held, { outcome: 'stopped' })
  }
  async function result(held: Held, more: object): Promise<void> {
    holds.delete(held.run.runId)
    const { status, body } = await probe.say('result', { ...report(held), ...more })
    if (status !== 200 && status !== 410) throw new Error(`result was answered ${status}: ${JSON.stringify(body)}`)
  }

  async function touchRun(held: Held): Promise<void> {
    const due = held.steps.filter((step) => step.at <= stage.now() && !held.done.has(stepKey(step)))
    for (const step of due) {
      held.done.add(stepKey(step))
      const { purpose, round, experiment } = step
      const isBaseline = purpose === 'baseline'
      for (const touch of step.touches.filter((one) => !(isBaseline && held.done.has(endpointOf(one)))))
        for (let i = 0; i < (step.burst ?? 1); i++) observe(held, touch, { purpose, round, experiment })
      if (isBaseline) for (const touch of step.touches) held.done.add(endpointOf(touch))
    }
    const standing = 'standing' in held.run.plan && held.run.plan.standing
    const over = !standing && held.steps.every((step) => held.done.has(stepKey(step)))
    if (over) return result(held, { outcome: 'done' })
    // Rounds of verification are reported at once, the rest when it is time to ask.
    if ((held.run.kind !== 'baseline' && held.waiting.length > 0) || stage.now() >= held.askAt) await renew(held)
  }

  async function scanRun(held: Held): Promise<void> {
    const { run } = held
    const since = stage.now() - held.startedAt
    const mine = openIn(run).filter(
      (touch) =>
        run.plan.kind === 'scan' && (run.plan.only === null || run.plan.only.some((one) => one.port === touch.port)),
    )
    if (!held.told && since >= 1_000) {
      held.told = true
      const found = mine
        .filter((touch) => observe(held, touch, { purpose: 'identify' }).sight === 'open')
        .map((touch) => ({ ...touch, firstSeenOpenAt: stage.now(), identity: `id-${touch.port}` }))
      if (run.plan.kind === 'scan' && run.plan.only !== null)
        held.waiting.forEach((one) => {
          one.purpose = 'recheck'
        })
      return renew(held, { found, phase: 'discover', progress: { done: 10, total: 20 } })
    }
    if (held.told && !held.discovered && since >= 3_000) {
      held.discovered = true
      return renew(held, { discovered: true, phase: 'engage', progress: { done: 20, total: 20 } })
    }
    if (held.discovered && stage.now() - held.watchedAt >= 5_000) {
      held.watchedAt = stage.now()
      const lost: Endpoint[] = []
      for (const touch of mine.filter((one) => !held.lost.has(endpointOf(one)))) {
        if (model(probe, touch, stage.now()) === 'open') continue
        observe(held, touch, { purpose: 'watch' })
        observe(held, touch, { purpose: 'watch' })
        held.lost.add(endpointOf(touch))
        lost.push({ address: touch.address, port: touch.port })
      }
      if (lost.length > 0) {
        for (const touch of mine.filter((one) => !held.lost.has(endpointOf(one))))
          observe(held, touch, { purpose: 'watch' })
        const { status, body } = await probe.say('alarm', { ...report(held), lost })
        if (status !== 200) throw new Error(`alarm was answered ${status}: ${JSON.stringify(body)}`)
        return
      }
    }
    if (held.discovered && since >= options.engageMs && !held.held) {
      const spans = mine
        .filter((one) => !held.lost.has(endpointOf(one)))
        .map(({ address, port }) => ({ address, port, from: held.startedAt + 1_000, to: stage.now(), touches: 10 }))
      await renew(held, { phase: 'recheck' })
      if (held.held || !holds.has(run.runId)) return
      const recheck = mine.map((touch) => {
        const { sight } = observe(held, touch, { purpose: 'recheck' })
        const state =
          sight === 'open'
            ? held.lost.has(endpointOf(touch))
              ? 'reopened'
              : 'open'
            : sight === 'closed'
              ? 'closed'
              : 'unresponsive'
        return { address: touch.address, port: touch.port, state }
      })
      const asked = run.plan.kind === 'scan' && run.plan.only ? run.plan.only.length : 20
      const output = `Scanner log\n\n== Open Port Re-check\n${recheck.map((one) => `${one.port} ${one.state}`).join('\n')}\n`
      const engagement = mine.map(({ address, port }) => ({
        address,
        port,
        planned: 5,
        done: held.lost.has(endpointOf({ address, port })) ? 2 : 5,
      }))
      return result(held, {
        spans,
        outcome: 'done',
        ports: { asked, tested: asked, untested: '' },
        engagement,
        recheck,
        output,
      })
    }
    if (stage.now() >= held.askAt) await renew(held)
  }

  return {
    probe,
    holds,
    async step(): Promise<void> {
      for (const run of (await probe.lease({ holding: holding() })).runs) {
        const steps = 'steps' in run.plan ? [...run.plan.steps] : []
        holds.set(run.runId, {
          run,
          steps,
          done: new Set(),
          n: (run.epoch - 1) * 100_000,
          seq: 0,
          waiting: [],
          askAt: stage.now() + 4_000,
          startedAt: stage.now(),
          told: false,
          discovered: false,
          lost: new Set(),
          watchedAt: stage.now(),
          held: false,
          released: [],
        })
      }
      for (const held of [...holds.values()]) await (held.run.plan.kind === 'scan' ? scanRun(held) : touchRun(held))
    },
  }
}
export type Process = ReturnType<typeof openProcess>
