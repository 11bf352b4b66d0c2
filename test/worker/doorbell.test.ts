import { evictDurableObject } from 'cloudflare:test'
import { beforeAll, expect, test } from 'vitest'
import type { ScanAnswer } from '../../schema/api.ts'
import { doorbell } from '../../worker/bell.ts'
import { openFleet, type Probe } from './support/probes.ts'
import { openStage, type Stage } from './support/stage.ts'

let stage: Stage
let fleet: Probe[]

beforeAll(async () => {
  stage = await openStage()
  fleet = await openFleet(stage)
})

/** What a socket hears, in order. */
async function listen(probe: Probe): Promise<{ socket: WebSocket; heard: string[] }> {
  const answer = await probe.bell()
  expect(answer.status).toBe(101)
  const socket = answer.webSocket as WebSocket
  const heard: string[] = []
  socket.accept()
  socket.addEventListener('message', (event) => void heard.push(String(event.data)))
  return { socket, heard }
}
const soon = async (holds: () => boolean): Promise<boolean> => {
  for (let i = 0; i < 100 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 20))
  return holds()
}

test('rings at the probes of a new scan, and at nobody else', async () => {
  const bells = new Map<string, { socket: WebSocket; heard: string[] }>()
  for (const probe of fleet) bells.set(probe.id, await listen(probe))
  const { body: target } = await stage.api<{ id: string }>('POST', '/targets', { address: '127.0.50.1', ports: '22' })
  const { body: scan } = await stage.api<ScanAnswer>('POST', '/scans', { targetId: target.id })
  const members = [scan.scanner?.probeId ?? '', ...scan.panel.map((member) => member.probeId)]
  expect(await soon(() => members.every((id) => bells.get(id)?.heard.includes('ask')))).toBe(true)
  await stage.api('POST', `/scans/${scan.id}/cancel`, {})
  for (const { socket } of bells.values()) socket.close()
})

test('answers pings, also after it slept, and lets a probe that dials again replace its old line', async () => {
  const [probe] = fleet as [Probe]
  const first = await listen(probe)
  first.socket.send('ping')
  expect(await soon(() => first.heard.includes('pong'))).toBe(true)
  await evictDurableObject(doorbell(stage.env))
  await doorbell(stage.env).ring([probe.id])
  expect(await soon(() => first.heard.includes('ask'))).toBe(true)
  let closed = false
  first.socket.addEventListener('close', () => {
    closed = true
  })
  const second = await listen(probe)
  expect(await soon(() => closed)).toBe(true)
  second.socket.close()
})

test('remembers how far scans are, of a bounded number of them', async () => {
  const bell = doorbell(stage.env)
  for (let i = 0; i < 501; i++)
    await bell.tell(`scn_${i}`, { phase: 'engage', progress: { done: i, total: 501 }, at: 1 })
  expect(await bell.live('scn_0')).toBeNull()
  expect(await bell.live('scn_500')).toMatchObject({ phase: 'engage', progress: { done: 500 } })
})

test('opens to nobody without a signature', async () => {
  expect(
    (await stage.fetch('/probe/v1/doorbell', { headers: { upgrade: 'websocket', 'cf-connecting-ip': '127.0.1.1' } }))
      .status,
  ).toBe(401)
})

test('wakes who watches a scan when something happens to it, and nobody else', async () => {
  const bell = doorbell(stage.env)
  const watching = bell.watch('scn_watched', 0, 60_000)
  const elsewhere = bell.watch('scn_elsewhere', 0, 300)
  await bell.stir('scn_watched')
  const { moves, live } = await watching
  expect(moves).toBeGreaterThan(0)
  expect(live).toBeNull()
  // What happened between two looks is not missed: it answers at once.
  const told = { phase: 'discover', progress: { done: 1, total: 2 }, at: 1 } as const
  await bell.tell('scn_watched', told)
  expect((await bell.watch('scn_watched', moves, 60_000)).live).toEqual(told)
  expect((await elsewhere).moves).toBe(0)
})
