/** A run that fetches tokens may be ended while it is at it: an owner opts out, everything is stopped, the Worker falls silent. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as rest } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { ControlPlan } from '../../schema/wire.ts'
import { agentFor, until } from '../support/agent.ts'
import { fakeDesk, TARGET_ID } from '../support/fake-desk.ts'

const ADDRESSES = Array.from({ length: 8 }, (_, i) => `127.0.0.${40 + i}`)

/** A server that takes its time, at eight addresses, and a look at each. */
async function slowServer(answerAfterMs: number) {
  let asked = 0
  const servers = await Promise.all(
    ADDRESSES.map(async (address) => {
      const server = createServer((_, response) => {
        asked += 1
        setTimeout(() => response.end('a token'), answerAfterMs)
      })
      await new Promise<void>((resolve) => server.listen(0, address, resolve))
      return server
    }),
  )
  const plan: ControlPlan = {
    kind: 'control',
    targetId: TARGET_ID,
    timeoutMs: 10_000,
    fetches: servers.map((server) => {
      const { address, port } = server.address() as AddressInfo
      return { address, port }
    }),
  }
  return {
    plan,
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      for (const server of servers) {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }
    },
  }
}

test('fetches are ended by the bell, with what was fetched', async () => {
  await using desk = await fakeDesk()
  desk.onLease = () => ({ nextPollMs: 600_000 })
  await using server = await slowServer(1_000)
  await using _ = await agentFor(desk)
  await until('the doorbell', () => desk.bells.size === 1 && desk.of('lease').length > 0)
  const runId = desk.offer(server.plan)
  desk.ring()
  await until('the first fetch', () => server.asked() === 1)
  desk.onRenew = () => ({ do: 'stop' })
  desk.ring()
  const result = await desk.result(runId)
  expect(result).toMatchObject({ outcome: 'stopped', fetched: [{ address: '127.0.0.40', status: 200 }] })
  expect(result.fetched).toHaveLength(1)
  expect(server.asked()).toBe(1)
})

test('fetches are ended without a bell, too, and one that the Worker has given up is not told', async () => {
  await using desk = await fakeDesk()
  await using server = await slowServer(3_000)
  await using _ = await agentFor(desk)
  desk.offer(server.plan)
  await until('the first fetch', () => server.asked() === 1)
  desk.onLease = () => ({ status: 503 })
  desk.onRenew = () => ({ status: 410 })
  await rest(15_000)
  expect(desk.of('renew').length).toBe(1)
  expect(server.asked()).toBeLessThanOrEqual(4)
  expect(desk.of('result')).toEqual([])
}, 40_000)

test('fetches end with the lease while the Worker is away, and go on after', async () => {
  await using desk = await fakeDesk()
  desk.leaseMs = 3_000
  await using server = await slowServer(700)
  await using _ = await agentFor(desk)
  const runId = desk.offer(server.plan)
  await until('the first fetch', () => server.asked() === 1)
  desk.isAway = true
  await rest(4_000)
  const before = server.asked()
  expect(before).toBeLessThan(8)
  await rest(8_000)
  expect(server.asked()).toBe(before)
  desk.leaseMs = 60_000
  desk.isAway = false
  const { outcome, fetched } = await desk.result(runId)
  expect(outcome).toBe('done')
  expect(fetched?.map(({ status }) => status)).toEqual(Array(8).fill(200))
  expect(server.asked()).toBe(8)
}, 60_000)
