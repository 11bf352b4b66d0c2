import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { freePort } from '../../demo/loopback.ts'

async function taken(answers: Record<string, string>) {
  const server = createServer((request, response) => {
    const body = answers[request.url ?? '']
    response.writeHead(body === undefined ? 404 : 200).end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    [Symbol.dispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

test('a port that a Worker has is said to be a Worker’s, another one its process’s', async () => {
  using worker = await taken({ '/healthz': '{"status":"ok"}', '/.well-known/probing.txt': 'Description: Portwitness' })
  const asked = await freePort('127.0.0.1', worker.port)
  expect(asked.takenBy).toMatch(/^another Portwitness Worker( \(process \d+\))?$/)
  expect(asked.port).not.toBe(worker.port)
  using other = await taken({ '/healthz': 'ok' })
  expect((await freePort('127.0.0.1', other.port)).takenBy).toMatch(/^(node( \(process \d+\))|another process)$/)
})
