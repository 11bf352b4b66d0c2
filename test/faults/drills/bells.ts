/** A deploy closes every doorbell at once: the fleet comes back in no herd, also when nobody is there for a while. */
import { WebSocketServer } from 'ws'
import { createBell } from '../../../probe-node/bell.ts'
import type { Desk } from '../../../probe-node/desk.ts'
import { type Drill, pause, plain, type Row, until } from '../drill.ts'

const SLICE_MS = 100
/** Of the first dials, which are spread over a second, how many times its share the fullest tenth of a second may have. */
const CROWDED = 2.5
const AWAY_MS = 12_000
/** Once the quick tries are spent a probe dials once in 15 s on the average. */
const DIALS_EACH = 8

async function closed(count: number): Promise<Row> {
  const controller = new AbortController()
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  let dials: number[] = []
  let isAway = false
  server.on('connection', (socket) => {
    dials.push(performance.now())
    if (isAway) socket.terminate()
  })
  const desk = { doorbell: () => ({ url: new URL(`ws://127.0.0.1:${port}/`), headers: {}, localAddress: null }) }
  const bells = Array.from({ length: count }, () =>
    createBell({ desk: desk as unknown as Desk, log: () => {} }).listen(() => {}, controller.signal),
  )
  const fault = `${count} doorbells closed at once`
  const short: string[] = []
  if (!(await until(() => server.clients.size === count, 30_000))) short.push(`${fault}: they never came`)
  // Bells that have just come count as settled after 5 s only.
  await pause(5_500)
  dials = []
  const from = performance.now()
  for (const socket of server.clients) socket.terminate()
  if (!(await until(() => dials.length >= count, 60_000))) short.push(`${fault}: ${dials.length} came back`)
  const slices = new Map<number, number>()
  for (const at of dials) {
    const slice = Math.floor((at - from) / SLICE_MS)
    slices.set(slice, (slices.get(slice) ?? 0) + 1)
  }
  const fullest = Math.max(...slices.values())
  const fair = (count * SLICE_MS) / 1_000
  if (fullest > fair * CROWDED)
    short.push(`${fault}: ${fullest} came back within ${SLICE_MS} ms, ${fair} being their share`)
  isAway = true
  dials = []
  for (const socket of server.clients) socket.terminate()
  await pause(AWAY_MS)
  const each = dials.length / count
  if (each > DIALS_EACH) short.push(`${fault}: each dialled ${each.toFixed(1)} times in ${AWAY_MS / 1_000} s in vain`)
  controller.abort()
  for (const socket of server.clients) socket.terminate()
  await Promise.all(bells)
  server.close()
  const note = `at most ${fullest} in ${SLICE_MS} ms (share ${fair}); ${each.toFixed(1)} dials each in ${AWAY_MS / 1_000} s in vain`
  return plain(fault, count, note, short)
}

export const bellsDrill: Drill = { name: 'bells', run: async ({ quick }) => [await closed(quick ? 100 : 400)] }
