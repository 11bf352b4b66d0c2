/**
 * The Worker's side of the probe protocol, played from a script: signatures are verified, leases and reports are
 * recorded, answers can be lost, delayed or refused. Fake only because the Worker is another part of the system.
 */
import { createHash, createPublicKey, verify } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import * as v from 'valibot'
import { type WebSocket, WebSocketServer } from 'ws'
import { ROTATION_MS, RotateRequest, rotationText } from '../../schema/rotation.ts'
import { canonicalRequest, SIGNATURE_HEADERS } from '../../schema/signed.ts'
import {
  AlarmRequest,
  EnrolRequest,
  type LeasedRun,
  LeaseRequest,
  type Plan,
  type RenewAnswer,
  RenewRequest,
  ResultRequest,
  RING,
  type Standing,
  type Step,
} from '../../schema/wire.ts'

export type Told =
  | { kind: 'enrol'; body: EnrolBody }
  | { kind: 'lease'; body: LeaseRequest }
  | { kind: 'renew'; body: RenewRequest }
  | { kind: 'alarm'; body: AlarmRequest }
  | { kind: 'result'; body: ResultRequest }
type EnrolBody = v.InferOutput<typeof EnrolRequest>

export interface FakeDesk {
  url: string
  told: Told[]
  of<K extends Told['kind']>(kind: K): Extract<Told, { kind: K }>['body'][]
  /** a run to be leased; given out again under the next epoch when the probe does not hold it */
  offer(
    plan: Plan,
    more?: { deadlineMs?: number; kind?: LeasedRun['kind']; proofToken?: string; waitedMs?: number },
  ): string
  ring(): void
  /** what renewals answer; `{}` means: go on */
  onRenew: (body: RenewRequest) => Partial<RenewAnswer> & { status?: number }
  onResult: (body: ResultRequest) => { status?: number; headers?: Record<string, string> }
  onAlarm: (body: AlarmRequest) => void
  onLease: (body: LeaseRequest) => {
    status?: number
    stopped?: boolean
    nextPollMs?: number
    standing?: Partial<Standing>
    publicUrl?: string
    signFor?: string
  }
  /** what an answer to a renewal waits for when it has been worked out: it says what was so before */
  untilRenewed: () => Promise<unknown>
  /** how long a lease lasts, given or renewed */
  leaseMs: number
  /** nobody answers: every connection breaks */
  isAway: boolean
  /** swallow so many answers after having taken the request in: the connection just breaks */
  loseAnswers: number
  /** Worker time minus real time */
  offsetMs: number
  badSignatures: number
  /** the key of the last request */
  signedBy: string
  rotations: number
  bells: Set<WebSocket>
  result(runId: string): Promise<ResultRequest>
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const PROBE_ID = 'prb_ABCDEFGHIJ0123456789'
const ACTIVE: Standing = {
  range: '127.0.0.0/8',
  state: 'active',
  looks: true,
  scans: true,
  until: null,
  detail: 'The range is active.',
}
export const SCAN_ID = 'scn_ABCDEFGHIJ0123456789'
export const TARGET_ID = 'tgt_ABCDEFGHIJ0123456789'

export async function fakeDesk(host = '127.0.0.1', wantedPort = 0): Promise<FakeDesk> {
  const runs: { run: LeasedRun; over: boolean }[] = []
  /** the newest first; the one before it is believed as well */
  let publicKeys: string[] = []
  let results: (() => void)[] = []

  const desk: FakeDesk = {
    url: '',
    told: [],
    of: (kind) => desk.told.filter((one) => one.kind === kind).map(({ body }) => body) as never,
    offer(plan, { deadlineMs = 120_000, kind = plan.kind, proofToken, waitedMs = 0 } = {}) {
      const runId = `run_${String(runs.length).padStart(4, '0')}ABCDEFGHIJKLMNOP`
      const now = Date.now() + desk.offsetMs
      const token = proofToken === undefined ? {} : { proofToken }
      runs.push({
        over: false,
        run: {
          runId,
          scanId: SCAN_ID,
          kind,
          epoch: 0,
          dueAt: now - waitedMs,
          leaseUntil: now,
          deadlineAt: now + deadlineMs,
          plan,
          ...token,
        },
      })
      return runId
    },
    ring: () => {
      for (const bell of desk.bells) bell.send(RING)
    },
    onRenew: () => ({}),
    onResult: () => ({}),
    onAlarm: () => {},
    onLease: () => ({}),
    untilRenewed: async () => {},
    leaseMs: 60_000,
    isAway: false,
    loseAnswers: 0,
    offsetMs: 0,
    badSignatures: 0,
    signedBy: '',
    rotations: 0,
    bells: new Set(),
    async result(runId) {
      for (;;) {
        const found = desk.of('result').find((body) => body.runId === runId)
        if (found) return found
        await new Promise<void>((resolve) => results.push(resolve))
      }
    },
    async close() {
      for (const bell of desk.bells) bell.terminate()
      sockets.close()
      server.closeAllConnections()
      if (!server.listening) return
      server.close()
      await once(server, 'close')
    },
    [Symbol.asyncDispose]: () => desk.close(),
  }

  const isSigned = (request: IncomingMessage, body: string): boolean => {
    const of = (name: keyof typeof SIGNATURE_HEADERS) => String(request.headers[SIGNATURE_HEADERS[name]] ?? '')
    if (of('probe') !== PROBE_ID || Math.abs(Number(of('time')) - Date.now() - desk.offsetMs) > 60_000) return false
    const digest = createHash('sha256').update(body).digest('hex')
    const text = canonicalRequest(request.method ?? '', request.url ?? '', PROBE_ID, of('time'), of('nonce'), digest)
    const by = publicKeys.findIndex((publicKey) => isBy(publicKey, text, of('signature')))
    if (by >= 0) desk.signedBy = publicKeys[by] ?? ''
    return by >= 0
  }
  const isBy = (publicKey: string, text: string, signature: string): boolean => {
    const x = Buffer.from(publicKey, 'base64').toString('base64url')
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
    return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'))
  }

  function answer(path: string, parsed: unknown): { status: number; body: object; headers?: Record<string, string> } {
    const now = Date.now() + desk.offsetMs
    switch (path) {
      case '/probe/v1/enrol': {
        const body = v.parse(EnrolRequest, parsed)
        publicKeys = [body.publicKey]
        desk.told.push({ kind: 'enrol', body })
        return { status: 200, body: { probeId: PROBE_ID, site: 'test-1', sourceAddress: body.sourceAddress, now } }
      }
      case '/probe/v1/rotate': {
        const { publicKey, proof } = v.parse(RotateRequest, parsed)
        if (!isBy(publicKey, rotationText(PROBE_ID, publicKey), proof))
          return { status: 422, body: { code: 'invalid' } }
        if (publicKeys[0] !== publicKey) publicKeys = [publicKey, ...publicKeys.slice(0, 1)]
        desk.rotations += 1
        return { status: 200, body: { now, oldKeyUntil: now + ROTATION_MS } }
      }
      case '/probe/v1/lease': {
        const body = v.parse(LeaseRequest, parsed)
        desk.told.push({ kind: 'lease', body })
        const { status = 200, stopped = false, nextPollMs = 300, standing = {}, ...who } = desk.onLease(body)
        let { scan, short } = body.capacity
        const given = runs.filter(({ run, over }) => {
          if (status !== 200 || over || body.holding.some((held) => held.runId === run.runId)) return false
          return run.kind === 'scan' ? scan-- > 0 : short-- > 0
        })
        for (const one of given) one.run.epoch += 1
        return {
          status,
          body: {
            now,
            standing: { ...ACTIVE, ...standing },
            stopped,
            runs: given.map(({ run }) => ({ ...run, leaseUntil: now + desk.leaseMs })),
            nextPollMs,
            ...who,
          },
        }
      }
      case '/probe/v1/renew': {
        const body = v.parse(RenewRequest, parsed)
        if (isGone(body)) return { status: 410, body: { code: 'gone' } }
        desk.told.push({ kind: 'renew', body })
        const { status = 200, ...more } = desk.onRenew(body)
        return {
          status,
          body: {
            now,
            do: 'continue',
            leaseUntil: now + desk.leaseMs,
            askAgainMs: 500,
            steps: [],
            hold: false,
            lost: [],
            reportWithinMs: 0,
            ...more,
          },
        }
      }
      case '/probe/v1/alarm': {
        const body = v.parse(AlarmRequest, parsed)
        if (isGone(body)) return { status: 410, body: { code: 'gone' } }
        desk.told.push({ kind: 'alarm', body })
        desk.onAlarm(body)
        return { status: 200, body: { now, accepted: true } }
      }
      case '/probe/v1/result': {
        const body = v.parse(ResultRequest, parsed)
        if (isGone(body)) return { status: 410, body: { code: 'gone' } }
        const { status = 200, headers = {} } = desk.onResult(body)
        if (status === 200) {
          const one = runs.find(({ run }) => run.runId === body.runId)
          const isFirst = one && !one.over
          if (one) one.over = true
          desk.told.push({ kind: 'result', body })
          for (const resolve of results) resolve()
          results = []
          return { status, headers, body: { now, outcome: isFirst ? 'applied' : 'duplicate' } }
        }
        return { status, headers, body: { title: 'not now' } }
      }
      default:
        return { status: 404, body: {} }
    }
  }
  const isGone = ({ runId, epoch }: { runId: string; epoch: number }) =>
    !runs.some(({ run }) => run.runId === runId && run.epoch === epoch)

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    if (desk.isAway) return void request.socket.destroy()
    if (request.url === '/healthz') return void response.end('ok')
    if (request.url !== '/probe/v1/enrol' && !isSigned(request, text)) {
      desk.badSignatures += 1
      response
        .writeHead(401, { 'content-type': 'application/problem+json' })
        .end(JSON.stringify({ code: 'clock_skew', now: Date.now() + desk.offsetMs }))
      return
    }
    const { status, body, headers } = answer(request.url ?? '', JSON.parse(text))
    if (request.url === '/probe/v1/renew') await desk.untilRenewed()
    if (desk.loseAnswers > 0 && request.url !== '/probe/v1/lease') {
      desk.loseAnswers -= 1
      return void request.socket.destroy()
    }
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  })
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    if (desk.isAway || !isSigned(request, '')) return void socket.destroy()
    sockets.handleUpgrade(request, socket, head, (bell) => {
      desk.bells.add(bell)
      bell.on('message', (text) => String(text) === 'ping' && bell.send('pong'))
      bell.on('close', () => desk.bells.delete(bell))
    })
  })
  server.listen(wantedPort, host)
  await once(server, 'listening')
  desk.url = `http://${host}:${(server.address() as { port: number }).port}`
  return desk
}

/** A step at `inMs` from now on the desk's clock. */
export const step = (desk: FakeDesk, inMs: number, touches: Step['touches'], more: Partial<Step> = {}): Step => ({
  at: Date.now() + desk.offsetMs + inMs,
  purpose: 'verify',
  touches,
  timeoutMs: 1_000,
  beacon: false,
  ...more,
})
