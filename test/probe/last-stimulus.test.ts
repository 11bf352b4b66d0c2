import { expect, test } from 'vitest'
import { stimuliFor } from '../../probe-node/scan/stimuli.ts'
import { agentFor, scanPlan } from '../support/agent.ts'
import { fakeDesk } from '../support/fake-desk.ts'
import { type Listener, listener } from '../support/listeners.ts'

const HOST = '127.0.0.9'
const GREETING = 'SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n'

test('a port whose last stimulus failed is looked at once more: that is a loss, not the end of its engagement', async () => {
  await using desk = await fakeDesk()
  let count = 0
  const ssh: Listener = await listener((socket) => {
    count += 1
    socket.end(GREETING)
    // What comes before the stimuli is let in, and all of them but the last.
    if (count === 2 + stimuli.length) void ssh.close()
  }, HOST)
  const stimuli = stimuliFor('assertive', { check: 'greeting', service: 'ssh' })
  expect(stimuli.length).toBeGreaterThan(1)
  await using _ = await agentFor(desk)
  const result = await desk.result(desk.offer(scanPlan({ ports: `${ssh.port}`, profile: 'assertive' })))
  await ssh.close()
  const [alarm] = desk.of('alarm')
  expect(alarm?.lost).toEqual([{ address: HOST, port: ssh.port }])
  // Not only by the last look at all that was open, which a hold may put off until a short ban is over.
  const told = [...desk.of('renew'), ...desk.of('alarm'), result].flatMap(({ observations }) => observations)
  const refused = told.filter(({ purpose, sight }) => purpose === 'engage' && sight === 'closed')
  expect(refused).toHaveLength(2)
})
