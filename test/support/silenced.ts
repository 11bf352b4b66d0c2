/**
 * Two web servers and an SSH server in a process of their own, that fall silent together: they no longer accept, their queues are full, and
 * Linux drops each further SYN. So a firewall looks that drops, without a firewall.
 */
import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { SSH_BANNER } from './listeners.ts'

export interface Silenced {
  /** two of the web, then SSH */
  ports: readonly [number, number, number]
  /**
   * For a minute at most; right after one of the web servers was asked, the other one more than half of a round of watching before: so
   * the other is missed first, and this one is not looked at by itself before it is looked at beside the other.
   */
  fallSilent(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** More than any queue of a backlog of one takes. */
const CALLERS = 6

const SERVERS = `
const { parentPort, workerData } = require('node:worker_threads')
const http = require('node:http')
const net = require('node:net')
const { address, banner, gate } = workerData
const asked = [0, 0]
let isWanted = false
const web = (i) => http.createServer((_, answer) => {
  const sinceOther = Date.now() - asked[1 - i]
  asked[i] = Date.now()
  const isNow = isWanted && sinceOther > 2_600 && sinceOther < 4_000
  answer.end('hello', () => isNow && setImmediate(hush))
})
const hush = () => {
  parentPort.postMessage('silent')
  Atomics.wait(new Int32Array(gate), 0, 0, 60_000)
}
const servers = [
  web(0),
  web(1),
  net.createServer((socket) => socket.on('error', () => {}).end(banner)),
]
const listening = (server) =>
  new Promise((resolve) => server.listen({ host: address, port: 0, backlog: 1 }, () => resolve(server.address().port)))
Promise.all(servers.map(listening)).then((ports) => parentPort.postMessage(ports))
parentPort.on('message', () => {
  isWanted = true
})
`

export async function silenced(address: string): Promise<Silenced> {
  const gate = new SharedArrayBuffer(4)
  const worker = new Worker(SERVERS, { eval: true, workerData: { address, banner: SSH_BANNER, gate } })
  const [ports] = (await once(worker, 'message')) as [[number, number, number]]
  const callers: Socket[] = []
  return {
    ports,
    async fallSilent() {
      worker.postMessage('')
      await once(worker, 'message')
      for (const port of ports)
        for (let i = 0; i < CALLERS; i++) callers.push(createConnection({ host: address, port }).on('error', () => {}))
    },
    async [Symbol.asyncDispose]() {
      for (const caller of callers) caller.destroy()
      Atomics.store(new Int32Array(gate), 0, 1)
      Atomics.notify(new Int32Array(gate), 0)
      await worker.terminate()
    },
  }
}
