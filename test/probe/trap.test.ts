import { expect, test } from 'vitest'
import { agentFor, scanPlan } from '../support/agent.ts'
import { fakeDesk } from '../support/fake-desk.ts'
import { type Listener, listener, silent } from '../support/listeners.ts'

const HOST = '127.0.0.9'
/** Whoever is banned is refused here: the trap's listener goes away. A busy machine takes a while to ban. */
const BAN_TAKES_MS = 500

test('a port that accepts, says nothing and is shut a moment later is a trap: it is not told, and nobody is sent there', async () => {
  await using desk = await fakeDesk()
  await using quiet = await silent(HOST)
  let isBanning = false
  const trap: Listener = await listener((socket) => {
    // The sweep's own connect is gone before it is looked at.
    const touched = () => {
      if (!socket.destroyed && !isBanning) {
        isBanning = true
        setTimeout(() => void trap.close(), BAN_TAKES_MS)
      }
    }
    setTimeout(touched, 20)
  }, HOST)
  await using _ = await agentFor(desk)
  const ports = `${quiet.port},${trap.port}`
  const result = await desk.result(desk.offer(scanPlan({ ports, profile: 'discovery' })))
  await trap.close()
  const told = [...desk.of('renew'), ...desk.of('alarm'), result].flatMap(({ found }) => found)
  expect(told.map(({ port }) => port)).toEqual([quiet.port])
  expect(isBanning).toBe(true)
  expect(result.output).toMatch(new RegExp(`${trap.port}/tcp .*nobody else is sent there`))
})
