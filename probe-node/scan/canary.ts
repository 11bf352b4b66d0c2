import { dial } from '../checks/exchange.ts'
import { codeOf, sightOf } from '../fault.ts'
import { clockTime, endpointText } from '../output.ts'
import { optionsFor, type Seen } from '../touch.ts'
import type { Scan } from './context.ts'
import { type Known, quietest } from './endpoints.ts'
import { doubt, WATCH_TIMEOUT_MS } from './losses.ts'
import { touchFor } from './within-lease.ts'

/** One idle connection to an address, opened early and kept: does a ban freeze it, reset it, or spare it? */
export interface Canary {
  /** Says that it still lives, if it does. The kernel's keep-alive finds a frozen one within about 15 s. */
  tell(): void
  close(): void
}

/** The first probe after 5 s of idleness; libuv sets one a second from then on, ten at most. */
const KEEP_ALIVE_MS = 5_000

/** Opens one per address, on an open port that does not count touches. Null where there is none, or it does not open. */
export async function openCanary(scan: Scan, address: string): Promise<Canary | null> {
  const known = quietest(scan.endpoints.all().filter(({ target }) => target.address === address))
  if (!known || !(await scan.run.lease.held(scan.ended))) return null
  const { world, run, plan, reporter, output } = scan
  const dialled = await dial(
    await optionsFor(world, {
      target: known.target,
      name: plan.name,
      run,
      timeoutMs: WATCH_TIMEOUT_MS,
    }),
  )
  if (!('socket' in dialled)) return null
  const { socket } = dialled
  const openedAt = world.clock.now()
  let isOver = false
  /** Each of them is a packet to the target: none without a lease. */
  const keepAlive = () => {
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    run.lease.untilLapse().addEventListener('abort', waitForLease, { once: true })
  }
  const waitForLease = async () => {
    if (isOver) return
    socket.setKeepAlive(false)
    if ((await run.lease.held(scan.ended)) && !isOver) keepAlive()
  }
  keepAlive()

  const say = (what: Pick<Seen, 'sight'> & Partial<Seen>): Seen => {
    const { address: to, port, service } = known.target
    const seen: Seen = {
      purpose: 'canary',
      check: 'tcp',
      address: to,
      port,
      service,
      at: world.clock.now(),
      afterMs: 0,
      ...what,
    }
    reporter.add(seen)
    return seen
  }
  const over = (how: 'fin' | { code: string; syscall?: string }) => {
    if (isOver) return
    isOver = true
    socket.destroy()
    const seconds = Math.round((world.clock.now() - openedAt) / 1000)
    const text = how === 'fin' ? 'was closed by the target' : `ended with ${how.code}`
    output.line(
      'Watch',
      `${clockTime(world.clock.now())}  ${endpointText(known.target)}  the idle connection ${text} after ${seconds} s`,
    )
    // A server that hangs up on an idle client does so in peace; a reset or a freeze is worth a look.
    if (how === 'fin') return void say({ sight: 'cut', code: 'FIN', syscall: 'read' })
    say({ sight: sightOf(how.code), ...how })
    void lookNow(known)
  }
  const lookNow = async (one: Known) => {
    if (one.state !== 'open') return
    const seen = await touchFor(scan, {
      target: one.target,
      purpose: 'watch',
      timeoutMs: WATCH_TIMEOUT_MS,
    })
    if (seen.sight === 'open') return scan.endpoints.sawOpen(one, seen.at)
    reporter.add(seen)
    if (seen.sight !== 'probe_fault') await doubt(scan, one, seen)
  }
  socket.on('error', (error) => over(codeOf(error)))
  socket.on('end', () => over('fin'))
  socket.on('close', () => over('fin'))
  socket.on('data', () => {}) // a greeting, and whatever else it says
  socket.resume()
  return {
    tell: () => void (isOver || say({ sight: 'open' })),
    close() {
      isOver = true
      socket.destroy()
    },
  }
}
