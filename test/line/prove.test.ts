import { createServer as createWeb } from 'node:http'
import { createServer, type Server } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeGuard } from '../../demo/guard.ts'
import { freePort, quietWindow } from '../../demo/loopback.ts'
import { FLEET } from '../../demo/stack.ts'
import type { IssueAnswer, ScanAnswer, TargetAnswer } from '../../schema/api.ts'
import type { ProofAnswer } from '../../schema/proofApi.ts'
import { botOpinion } from '../support/bot-opinion.ts'
import { type Stack, scanOf, startStack } from '../support/stack.ts'

let stack: Stack
let host: { address: string; http: number; alt: number; window: string; close(): void }
let scan: ScanAnswer
const addresses = FLEET.map(({ sourceAddress }) => sourceAddress)
/** what the owner of the host has put on the guard's allowlist: the guard neither counts nor bans these */
let allowed: readonly string[] = []

beforeAll(async () => {
  stack = await startStack()
  host = await guardedHost('127.0.0.24')
})
afterAll(async () => {
  host?.close()
  await stack?.[Symbol.asyncDispose]()
})

/** Two web servers behind one guard that bans whoever connects too often. Nothing here counts touches as SSH and mail do. */
async function guardedHost(address: string): Promise<typeof host> {
  const guard = makeGuard({ limit: 24, windowMs: 10_000 })
  const { from, to } = await quietWindow(address, 300)
  const servers: Server[] = []
  const open = async (after: number): Promise<number> => {
    const server = createServer((socket) => {
      const source = socket.remoteAddress ?? ''
      socket.on('error', () => socket.destroy())
      if (!allowed.includes(source) && !guard.admits(source, Date.now())) return void socket.resetAndDestroy()
      const body = 'It works\n'
      socket.once('data', () =>
        socket.end(
          `HTTP/1.1 200 OK\r\nServer: demo\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
        ),
      )
    })
    servers.push(server)
    for (let port = after; port <= to; port++) {
      const bound = await new Promise<boolean>((resolve) => {
        server.once('error', () => resolve(false))
        server.listen(port, address, () => resolve(true))
      })
      if (bound) return port
    }
    throw new Error('no free port')
  }
  const http = await open(from + 10)
  const alt = await open(http + 1)
  return { address, http, alt, window: `${from}-${to}`, close: () => servers.forEach((server) => void server.close()) }
}

const allow = (list: readonly string[]) => {
  allowed = list
}
const scanHost = async () => {
  const args = ['--ports', host.window, '--profile', 'assertive', '--site', 'fra-1', '--json']
  const ended = await stack.portwitness('scan', host.address, ...args).ended
  return { ...ended, scan: scanOf(ended.stdout) }
}
const prove = async (...args: string[]) => {
  const ended = await stack.portwitness('prove', host.address, '--json', ...args).ended
  return { ...ended, proof: JSON.parse(ended.stdout) as ProofAnswer }
}
const issue = async () =>
  (await stack.worker.api.get<{ items: IssueAnswer[] }>(`/api/v1/issues?targetId=${scan.targetId}`))
    .items[0] as IssueAnswer
const shutIn = ({ sources }: ProofAnswer) =>
  sources.filter(({ verdict }) => verdict === 'not_proved').map(({ sourceAddress }) => sourceAddress)

test('a target that nobody has scanned yet cannot be proved', async () => {
  const { code, stderr } = await stack.portwitness('prove', '127.0.0.99').ended
  expect(stderr).toContain('Scan it first')
  expect(code).toBe(5)
})

test('a guard bans the scanner, and the proof shows which of our addresses are shut out', async () => {
  const ended = await scanHost()
  scan = ended.scan
  expect(ended.code).toBe(3)
  const { code, stdout, stderr } = await stack.portwitness('prove', host.address).ended
  expect(code).toBe(3)
  expect(stdout).toContain('NOT PROVED')
  expect(stdout).toMatch(new RegExp(`${scan.scanner?.sourceAddress} \\(fra-1\\) +x SHUT`))
  expect(stdout).toMatch(/127\.0\.0\.15 \(gru-1\) +\+ passes/)
  expect(stdout).toContain('What to do')
  expect(stdout).toContain(`${host.http}/tcp http*`)
  expect(stdout, 'no colour where there is no terminal').not.toContain('\u001b')
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
  expect(stderr).toContain('Proof prf_')
  expect(await issue()).toMatchObject({ state: 'open', title: expect.stringContaining('still shut out') })
})

test('an allowlist with the scanner alone goes red with the stimulus: the others are banned for what they repeat', async () => {
  const scanner = scan.scanner?.sourceAddress ?? ''
  allow([scanner])
  const { code, proof } = await prove('--stimulus')
  expect(code).toBe(3)
  expect(shutIn(proof)).not.toContain(scanner)
  expect(shutIn(proof).length).toBeGreaterThan(0)
  expect(await issue()).toMatchObject({ state: 'open' })
})

test('with every address allowed the proof goes green, the issue closes, and the next scan is clear', async () => {
  allow(addresses)
  const { code, proof } = await prove('--stimulus')
  expect(proof.failing).toEqual([])
  expect(code).toBe(0)
  expect(proof).toMatchObject({
    state: 'finished',
    verdict: 'proved',
    stimulus: { profile: 'assertive', scanId: scan.id, portsAsked: 300, portsRepeated: 298 },
  })
  expect(proof.sources.map(({ sourceAddress }) => sourceAddress).toSorted()).toEqual(addresses)
  for (const { cells } of proof.sources) expect(cells.map(({ word }) => word)).toEqual(['passed', 'passed'])
  const closed = await issue()
  expect(closed).toMatchObject({ state: 'closed', closedBy: proof.id })
  expect(proof.closedIssueIds).toEqual([closed.id])
  const output = await stack.worker.api.text(proof.output?.href ?? '')
  expect(output).toContain('== Matrix')
  expect(output.match(/Open Port Re-check/g)?.length).toBeGreaterThanOrEqual(5)
  const target = await stack.worker.api.get<TargetAnswer>(`/api/v1/targets/${scan.targetId}`)
  expect(target.provedAt).toBe(proof.createdAt)

  const next = await scanHost()
  expect(next.scan.verdict).toBe('clear')
  expect(next.code).toBe(0)
})

test('what knocks at a web server can be checked against the directory that the Worker publishes', async () => {
  const token = (await stack.portwitness('token').ended).stdout.trim()
  expect(token).toMatch(/^Portwitness-Proof: pwp_[0-9a-f]{40}$/)
  const requests: { method: string; headers: Record<string, string> }[] = []
  const server = createWeb(({ method = '', headers }, response) => {
    requests.push({ method, headers: headers as Record<string, string> })
    response.setHeader('server', 'test').end('hello')
  })
  const { port } = await freePort('127.0.0.25', 24_500)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.25', resolve))
  try {
    await stack.portwitness('scan', '127.0.0.25', '--ports', `${port}`, '--profile', 'standard', '--json').ended
  } finally {
    server.close()
  }
  const path = '/.well-known/http-message-signatures-directory'
  const answer = await fetch(`${stack.worker.url}${path}`)
  const { keys } = (await answer.json()) as { keys: JsonWebKey[] }
  expect(keys).toHaveLength(FLEET.length)
  expect(requests.length).toBeGreaterThan(3)
  for (const { headers } of requests) {
    expect(headers['user-agent']).toBe(`Portwitness/0.1 (+${stack.worker.url}/.well-known/probing.txt)`)
    expect(`Portwitness-Proof: ${headers['portwitness-proof']}`).toBe(token)
  }
  const url = `http://127.0.0.25:${port}/`
  const opinions = await Promise.all(
    requests.slice(0, 6).map((one) => botOpinion({ kind: 'request', url, keys, ...one })),
  )
  for (const opinion of opinions) expect(opinion).toMatch(/^ok /)
  const tampered = { ...requests[0]?.headers, 'signature-agent': '"https://imposter.example"' }
  expect(await botOpinion({ kind: 'request', url, method: 'GET', keys, headers: tampered })).toMatch(/^no /)

  // Each key is shown to be its owner's: one signature of the directory for each.
  const inputs = (answer.headers.get('signature-input') ?? '').split(/, (?=sig\d+=)/)
  const signatures = (answer.headers.get('signature') ?? '').split(', ')
  expect(inputs).toHaveLength(FLEET.length)
  for (const [i, input] of inputs.entries()) {
    const headers = { 'signature-input': input, signature: signatures[i] ?? '' }
    expect(await botOpinion({ kind: 'directory', url: `${stack.worker.url}${path}`, headers, keys })).toMatch(/^ok /)
  }
})
