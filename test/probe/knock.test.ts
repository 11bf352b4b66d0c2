import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { SignedDirectory } from '../../schema/wire.ts'
import { agentFor, scanPlan, touchPlan, until } from '../support/agent.ts'
import { botOpinion, jwkOf, lastRequest } from '../support/bot-opinion.ts'
import { type FakeDesk, fakeDesk, step } from '../support/fake-desk.ts'
import { type Listener, secure, sshd, web } from '../support/listeners.ts'

const HOST = '127.0.0.11'
const PUBLIC = 'https://scanner.example.net'
const urlOf = ({ port }: Listener) => `http://${HOST}:${port}/`
const keyOf = (desk: FakeDesk) => jwkOf(desk.of('enrol')[0]?.publicKey ?? '')
const touched = async (desk: FakeDesk, server: Listener, more: { proofToken?: string } = {}) => {
  const touch = { address: HOST, port: server.port, check: 'http' as const, service: 'http' as const }
  await desk.result(desk.offer(touchPlan({ steps: [step(desk, 200, [touch])] }), more))
  return lastRequest(server.received())
}

test('an HTTP touch says who asks, where that is explained, and proves it to whoever reads the key directory', async () => {
  await using desk = await fakeDesk()
  desk.onLease = () => ({ publicUrl: PUBLIC })
  await using server = await web(undefined, HOST)
  await using _ = await agentFor(desk)
  await until('enrolled', () => desk.of('lease').length > 1)
  const { line, headers } = await touched(desk, server)
  expect(line).toBe('HEAD / HTTP/1.1')
  expect(headers).toMatchObject({
    'user-agent': `Portwitness/0.1 (+${PUBLIC}/.well-known/probing.txt)`,
    'signature-agent': `"${PUBLIC}"`,
  })
  expect(headers['portwitness-proof']).toBeUndefined()
  const input = headers['signature-input'] ?? ''
  expect(input).toMatch(
    /^sig1=\("@authority" "signature-agent"\);created=\d+;keyid="[\w-]{43}";alg="ed25519";expires=\d+;/,
  )
  expect(input).toMatch(/;nonce="[A-Za-z0-9+/]{86}==";tag="web-bot-auth"$/)

  const { x } = keyOf(desk) as { x: string }
  const thumbprint = createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url')
  const asked = { kind: 'request' as const, url: urlOf(server), method: 'HEAD', headers, keys: [keyOf(desk)] }
  expect(await botOpinion(asked)).toBe(`ok ${thumbprint}`)
})

test('a signature does not hold for another host, another sender, other words, another key, or for ever', async () => {
  await using desk = await fakeDesk()
  desk.onLease = () => ({ publicUrl: PUBLIC })
  await using server = await web(undefined, HOST)
  await using _ = await agentFor(desk)
  await until('enrolled', () => desk.of('lease').length > 1)
  const { headers } = await touched(desk, server)
  const whole = { kind: 'request' as const, url: urlOf(server), method: 'HEAD', headers, keys: [keyOf(desk)] }
  const tampered = (change: Record<string, string>) => ({ ...whole, headers: { ...headers, ...change } })
  const input = headers['signature-input'] ?? ''
  const other = jwkOf(Buffer.alloc(32, 7).toString('base64'))
  const later = input.replace(/expires=\d+/, `expires=${Math.floor(Date.now() / 1_000) + 86_400}`)
  const past = input.replace(/expires=\d+/, `expires=${Math.floor(Date.now() / 1_000) - 10}`)
  const verdicts = await Promise.all([
    botOpinion({ ...whole, url: 'http://elsewhere.example/' }),
    botOpinion(tampered({ 'signature-agent': '"https://imposter.example"' })),
    botOpinion(tampered({ 'signature-input': later })),
    botOpinion(tampered({ 'signature-input': past })),
    botOpinion({ ...whole, keys: [other] }),
    botOpinion(whole),
  ])
  expect(verdicts.map((word) => word.slice(0, 2))).toEqual(['no', 'no', 'no', 'no', 'no', 'ok'])
})

test('each request is signed anew, also inside TLS and in an engagement, and carries the token of its tenant', async () => {
  await using desk = await fakeDesk()
  await using plain = await web(undefined, HOST)
  await using hidden = await secure(HOST)
  await using _ = await agentFor(desk)
  const proofToken = 'pwp_0123456789abcdef'
  const ports = `${plain.port},${hidden.port}`
  const { output = '' } = await desk.result(
    desk.offer(scanPlan({ addresses: [HOST], ports, profile: 'assertive' }), { proofToken }),
  )
  const requests = plain
    .received()
    .split('\r\n\r\n')
    .filter((text) => text.includes('HTTP/1.1'))
  expect(requests.length).toBeGreaterThan(25)
  for (const request of requests) {
    expect(request).toContain(`\r\nPortwitness-Proof: ${proofToken}\r\n`)
    expect(request).toMatch(/\r\nSignature: sig1=:[A-Za-z0-9+/]{86}==:\r\n/)
  }
  expect(new Set(requests.map((text) => /nonce="([^"]+)"/.exec(text)?.[1])).size).toBe(requests.length)
  const last = lastRequest(plain.received())
  expect(await botOpinion({ kind: 'request', url: urlOf(plain), headers: last.headers, keys: [keyOf(desk)] })).toMatch(
    /^ok /,
  )
  expect(output).toContain('HTTP requests are signed (Web Bot Auth)')
  expect(output, 'outputs are shown around').not.toContain(proofToken)
})

test('what does not speak HTTP is touched as before', async () => {
  await using desk = await fakeDesk()
  await using server = await sshd(HOST)
  await using _ = await agentFor(desk)
  const touch = { address: HOST, port: server.port, check: 'greeting' as const, service: 'ssh' as const }
  await desk.result(desk.offer(touchPlan({ steps: [step(desk, 200, [touch])] }), { proofToken: 'pwp_x' }))
  expect(server.accepted()).toBe(1)
  expect(server.received()).toBe('')
})

test('a probe signs the key directory when it is asked to, for the place its requests name, and for no other', async () => {
  await using desk = await fakeDesk()
  let signFor = 'scanner.example.net'
  desk.onLease = (body) => ({ publicUrl: PUBLIC, ...(body.directory ? {} : { signFor }) })
  await using _ = await agentFor(desk)
  const signed = () => desk.of('lease').flatMap(({ directory }) => (directory ? [directory] : []))
  await until('the directory is signed', () => signed().length > 0)
  const [one] = signed() as [SignedDirectory]
  expect(one.authority).toBe(signFor)
  expect(one.expires - Date.now()).toBeGreaterThan(6 * 86_400_000)
  const headers = { 'signature-input': `sig1=${one.input}`, signature: `sig1=:${one.signature}:` }
  const asked = {
    kind: 'directory' as const,
    url: `${PUBLIC}/.well-known/http-message-signatures-directory`,
    headers,
    keys: [keyOf(desk)],
  }
  expect(await botOpinion(asked)).toMatch(/^ok /)
  expect(
    await botOpinion({ ...asked, url: 'https://imposter.example/.well-known/http-message-signatures-directory' }),
  ).toMatch(/^no /)
  signFor = 'imposter.example'
  const [before, asks] = [signed().length, desk.of('lease').length]
  await until('it was asked again', () => desk.of('lease').length > asks + 3)
  expect(
    signed()
      .slice(before)
      .filter(({ authority }) => authority !== 'scanner.example.net'),
  ).toEqual([])
})
