/** A probe that was taken over: it speaks the protocol as it must, and says whatever harms whoever looks. */

import type { ScanAnswer } from '../../../schema/api.ts'
import { caller } from '../../faults/caller.ts'
import type { Stack } from '../../support/stack.ts'
import { type Door, enrolProbe } from '../../worker/support/fleet.ts'
import { CORPUS, LONG_LINE } from './corpus.ts'

const SITE = 'liar-1'
const SOURCE = '127.0.0.67'

/** Lets it scan one target, and gives the scan, which has ended with what it said. */
export async function lyingScan({ worker }: Stack, targetId: string, address: string): Promise<string> {
  const call = caller(worker.url, { localAddress: SOURCE })
  const door: Door = {
    fetch: async (path, init = {}) =>
      call(
        path,
        init.method ?? 'GET',
        Object.fromEntries(new Headers(init.headers)),
        new Uint8Array(await new Response(init.body ?? null).arrayBuffer()),
      ),
    api: async (method, path, body) => {
      const answer = await fetch(`${worker.url}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${worker.key}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: answer.status, headers: answer.headers, body: (await answer.json()) as never }
    },
  }
  const texts = Object.values(CORPUS)
  const probe = await enrolProbe(door, { site: SITE, sourceAddress: SOURCE })
  // What it says of itself stands on the page of the fleet. Unfit first, for that is where reasons are shown.
  const health = (fit: boolean) => ({
    ...{ agent: texts[2]?.slice(0, 40), fit, lagMs: 0, spooled: 0 },
    reasons: texts.slice(0, 10).map((text) => text.slice(0, 200)),
  })
  await probe.lease({ health: health(true) })
  const opened = await door.api<ScanAnswer>('POST', '/scans', { targetId, scannerProbeId: probe.id })
  if (opened.status !== 202) throw new Error(`scan refused: ${JSON.stringify(opened.body)}`)
  const { runs } = await probe.lease({ health: health(true) })
  const run = runs.find(({ kind }) => kind === 'scan')
  if (!run) throw new Error('no scan run was leased')
  const bytes = (text: string) => Buffer.from(text).subarray(0, 500).toString('base64')
  const ports = texts.map((_, i) => 2_000 + i)
  const seen = ports.map((port, i) => ({
    ...{ n: i + 1, purpose: 'identify', check: 'greeting', address, port, at: Date.now(), afterMs: 3 },
    ...{ sight: i % 2 === 0 ? 'open' : 'notice', firstBytes: bytes(texts[i] ?? ''), identity: texts[i]?.slice(0, 64) },
    ...{ code: texts[(i + 3) % texts.length]?.slice(0, 40), syscall: texts[(i + 5) % texts.length]?.slice(0, 20) },
  }))
  const found = ports.map((port, i) => ({
    ...{ address, port, check: 'greeting', service: 'unknown', firstSeenOpenAt: Date.now() },
    identity: texts[i]?.slice(0, 64),
  }))
  const report = { runId: run.runId, epoch: run.epoch, spans: [] }
  const renewed = await probe.say('renew', { ...report, seq: 1, observations: seen, found, discovered: true })
  if (renewed.status !== 200) throw new Error(`renew was answered ${renewed.status}: ${JSON.stringify(renewed.body)}`)
  const recheck = ports.map((port) => ({ address, port, state: 'closed' }))
  const result = await probe.say('result', {
    ...report,
    ...{ seq: 2, observations: seen.map((one) => ({ ...one, n: one.n + 100, purpose: 'recheck', sight: 'closed' })) },
    ...{ found: [], outcome: 'done', engagement: [], recheck, ports: { asked: 40, tested: 40, untested: '' } },
    output: `Portwitness raw scanner output\n\n${texts.join('\n')}\n\nOpen Port Re-check\n------------------\n${texts.join('\n')}\n${LONG_LINE}\n`,
  })
  if (result.status !== 200) throw new Error(`result was answered ${result.status}: ${JSON.stringify(result.body)}`)
  await probe.lease({ health: health(false) })
  return opened.body.id
}
