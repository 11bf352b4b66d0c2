/** A probe that sees what it is told to see, and says it as a real one does: signed, over kept connections, rung by its bell. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import WebSocket from 'ws'
import { canonicalRequest, SIGNATURE_HEADERS } from '../../../schema/signed.ts'
import type { Endpoint, LeaseAnswer, LeasedRun, RenewAnswer } from '../../../schema/wire.ts'
import { RING } from '../../../schema/wire.ts'
import { type Call, caller } from '../../faults/caller.ts'

export interface Tally {
  /** by kind of message: milliseconds of each answer */
  ms: Record<string, number[]>
  /** answers that were not 200, as `renew 410` */
  errors: Record<string, number>
  leased: number
  results: number
  /** results that were never acknowledged */
  lost: number
  dials: number
  closed: number
}
export const emptyTally = (): Tally => ({ ms: {}, errors: {}, leased: 0, results: 0, lost: 0, dials: 0, closed: 0 })

export interface Setting {
  url: string
  source: string
  token: string
  scanMs: number
  ports: readonly number[]
  tally: Tally
  signal: AbortSignal
}

interface Held {
  run: LeasedRun
  seq: number
  n: number
  startedAt: number
  touched: Set<string>
  stop: boolean
}

const TRIES = 5
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

export async function startSimulated({
  url,
  source,
  token,
  scanMs,
  ports,
  tally,
  signal,
}: Setting): Promise<{ over: Promise<void>; isRung(): boolean }> {
  const call = caller(url, { localAddress: source })
  const pair = generateKeyPairSync('ed25519')
  const publicKey = Buffer.from(pair.publicKey.export({ format: 'jwk' }).x as string, 'base64url').toString('base64')
  const { probeId } = await enrolled(call, {
    wire: 1,
    token,
    publicKey,
    sourceAddress: source,
    allowPrivate: true,
    agent: 'simulated',
  })
  const holds = new Map<string, Held>()
  let wake = () => {}
  let socket: WebSocket | null = null
  let isRung = false

  const headersFor = (method: string, path: string, body: string) =>
    signed(pair.privateKey, probeId, method, path, body)
  async function say<T>(kind: string, body: object): Promise<{ status: number; body: T | null }> {
    const text = JSON.stringify(body)
    for (let tries = 1; ; tries++) {
      const began = performance.now()
      try {
        const answer = await call(
          `/probe/v1/${kind}`,
          'POST',
          headersFor('POST', `/probe/v1/${kind}`, text),
          Buffer.from(text),
        )
        tally.ms[kind] ??= []
        tally.ms[kind].push(performance.now() - began)
        if (answer.status === 200) return { status: 200, body: (await answer.json()) as T }
        note(`${kind} ${answer.status}`)
        if (answer.status < 500 || tries === TRIES) return { status: answer.status, body: null }
      } catch (error) {
        note(`${kind} ${(error as NodeJS.ErrnoException).code ?? 'error'}`)
        if (tries === TRIES || signal.aborted) return { status: 0, body: null }
      }
      await pause(Math.random() * 500 * tries)
    }
  }
  const note = (what: string) => {
    tally.errors[what] = (tally.errors[what] ?? 0) + 1
  }
  const report = (held: Held) => {
    const { runId, epoch } = held.run
    return { runId, epoch, seq: ++held.seq, observations: [] as object[], spans: [] as object[], found: [] as object[] }
  }
  const seen = (held: Held, { address, port }: Endpoint, purpose: string) => ({
    ...{ n: ++held.n, purpose, check: 'greeting', address, port, sight: 'open', at: Date.now(), afterMs: 12 },
    ...{ connectMs: 10, firstBytes: 'cmVhZHkNCg==', identity: 'a1b2c3d4e5f60718', service: 'unknown' },
  })

  async function scan(held: Held, address: string): Promise<void> {
    const mine = ports.map((port) => ({ address, port }))
    const found = mine.map((one) => ({ ...one, check: 'greeting', service: 'unknown', firstSeenOpenAt: Date.now() }))
    await pause(1_000)
    const first = {
      ...report(held),
      found,
      observations: mine.map((one) => seen(held, one, 'identify')),
      phase: 'discover',
    }
    let answer = await say<RenewAnswer>('renew', { ...first, progress: { done: 500, total: 1_000 } })
    await pause(2_000)
    answer = await say<RenewAnswer>('renew', { ...report(held), discovered: true, phase: 'engage' })
    while (answer.body && answer.body.do !== 'stop' && Date.now() - held.startedAt < scanMs && !signal.aborted) {
      await pause(Math.min(answer.body.askAgainMs, held.startedAt + scanMs - Date.now()))
      answer = await say<RenewAnswer>('renew', {
        ...report(held),
        phase: 'engage',
        progress: { done: 1_000, total: 1_000 },
      })
    }
    const spans = mine.map((one) => ({ ...one, from: held.startedAt, to: Date.now(), touches: 10 }))
    await end(held, {
      ...{ observations: mine.map((one) => seen(held, one, 'recheck')), spans, outcome: 'done', engagement: [] },
      ...{
        ports: { asked: 1_000, tested: 1_000, untested: '' },
        recheck: mine.map((one) => ({ ...one, state: 'open' })),
      },
      output:
        'a line of the scanner’s log, about as long as they are in real life, with a time and an endpoint\n'.repeat(
          100,
        ),
    })
  }
  async function look(held: Held): Promise<void> {
    const plan = held.run.plan
    let steps = 'steps' in plan ? plan.steps : []
    while (!held.stop && !signal.aborted) {
      const due = steps.filter((step) => step.at <= Date.now()).flatMap((step) => step.touches)
      const fresh = due.filter(({ address, port }) => !held.touched.has(`${address} ${port}`))
      for (const { address, port } of fresh) held.touched.add(`${address} ${port}`)
      const observations = fresh.map((one) => seen(held, one, 'baseline'))
      const { body } = await say<RenewAnswer>('renew', { ...report(held), observations })
      if (!body || body.do === 'stop') break
      steps = body.steps
      await pause(Math.max(500, body.askAgainMs))
    }
    await end(held, { outcome: held.stop ? 'stopped' : 'done' })
  }
  async function end(held: Held, more: object): Promise<void> {
    tally.results++
    const { status } = await say('result', { ...report(held), ...more })
    // A scan that is over wants no onlooker's last word any more.
    if (status !== 200 && !(status === 410 && held.run.kind !== 'scan')) tally.lost++
    holds.delete(held.run.runId)
    wake()
  }

  function dial(): void {
    if (signal.aborted) return
    tally.dials++
    const bell = new WebSocket(`${url.replace('http', 'ws')}/probe/v1/doorbell`, {
      headers: headersFor('GET', '/probe/v1/doorbell', ''),
      localAddress: source,
      perMessageDeflate: false,
    })
    socket = bell
    bell.on('open', () => {
      isRung = true
    })
    bell.on('message', (text) => String(text) === RING && wake())
    bell.on('error', () => {})
    bell.on('close', () => {
      isRung = false
      if (signal.aborted) return
      tally.closed++
      setTimeout(dial, Math.random() * 1_000)
    })
  }
  signal.addEventListener('abort', () => socket?.terminate(), { once: true })

  async function work(): Promise<void> {
    const jobs: Promise<void>[] = []
    while (!signal.aborted) {
      const kinds = [...holds.values()].map(({ run }) => run.kind)
      const short = Math.max(0, 8 - kinds.filter((kind) => kind !== 'scan').length)
      const ask = {
        ...{ wire: 1, capacity: { scan: kinds.includes('scan') ? 0 : 1, short, baseline: Math.min(6, short) } },
        holding: [...holds.values()].map(({ run }) => ({ runId: run.runId, epoch: run.epoch })),
        ...{ allowPrivate: true, health: { agent: 'simulated', fit: true, reasons: [], lagMs: 0, spooled: 0 } },
      }
      // Rung while it asks: it asks once more.
      const rung = new Promise<void>((resolve) => {
        wake = resolve
      })
      const { body } = await say<LeaseAnswer>('lease', ask)
      for (const run of body?.runs ?? []) {
        const before = holds.get(run.runId)
        if (before) before.stop = true
        tally.leased++
        const held: Held = {
          run,
          seq: 0,
          n: ((run.epoch - 1) % 100) * 100_000,
          startedAt: Date.now(),
          touched: new Set(),
          stop: false,
        }
        holds.set(run.runId, held)
        jobs.push(run.plan.kind === 'scan' ? scan(held, run.plan.addresses[0] ?? '') : look(held))
      }
      await Promise.race([rung, pause(body?.nextPollMs ?? 5_000)])
    }
    await Promise.all(jobs)
  }
  dial()
  return { over: work(), isRung: () => isRung }
}

async function enrolled(call: Call, body: object): Promise<{ probeId: string }> {
  const headers = { 'content-type': 'application/json' }
  const answer = await call('/probe/v1/enrol', 'POST', headers, Buffer.from(JSON.stringify(body)))
  if (answer.status !== 200) throw new Error(`enrolment was answered ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as { probeId: string }
}

function signed(key: KeyObject, probeId: string, method: string, path: string, body: string): Record<string, string> {
  const time = String(Date.now())
  const nonce = randomBytes(18).toString('base64url')
  const digest = createHash('sha256').update(body).digest('hex')
  const text = canonicalRequest(method, path, probeId, time, nonce, digest)
  return {
    ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
    [SIGNATURE_HEADERS.probe]: probeId,
    [SIGNATURE_HEADERS.time]: time,
    [SIGNATURE_HEADERS.nonce]: nonce,
    [SIGNATURE_HEADERS.signature]: sign(null, Buffer.from(text), key).toString('base64'),
  }
}
