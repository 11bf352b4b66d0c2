import { expect, test } from 'vitest'
import { createMemory } from '../../probe-node/memory.ts'
import { createRation } from '../../probe-node/ration.ts'
import type { Known } from '../../probe-node/scan/endpoints.ts'
import { saysFree, witnessesOf } from '../../probe-node/scan/way-free.ts'
import { isRationed } from '../../schema/service.ts'
import type { TouchTarget } from '../../schema/wire.ts'

const HOST = '192.0.2.9'
const known = (port: number, service: TouchTarget['service'], more: Partial<Known> = {}): Known =>
  ({
    target: { address: HOST, port, check: 'tcp', service },
    state: 'lost',
    rationed: isRationed(service),
    phantom: false,
    ...more,
  }) as Known
const portsOf = (witnesses: ReturnType<typeof witnessesOf>) =>
  witnesses.map(({ target, tells }) => [target.port, tells])

test('a host whose open ports are all lost is asked at one that does not count touches, whichever was found first', async () => {
  const witnesses = witnessesOf(HOST, [known(22, 'ssh'), known(25, 'smtp'), known(80, 'http')], [], null, false)
  expect(portsOf(witnesses)).toEqual([
    [80, 'open'],
    [22, 'open'],
    [25, 'open'],
  ])
})

test('of services that count touches the one is asked that may still be touched', async () => {
  const ration = createRation(() => 0)
  for (let i = 0; i < 4; i++) ration.count({ address: HOST, port: 22 })
  const asked: number[] = []
  const ask = async (target: TouchTarget) => {
    if (!ration.take(target, target.service ?? 'unknown')) return { sight: 'probe_fault', code: 'RATION' } as const
    asked.push(target.port)
    return { sight: 'open' } as const
  }
  const witnesses = witnessesOf(HOST, [known(22, 'ssh'), known(25, 'smtp')], [], null, false)
  expect(await saysFree(witnesses, ask)).toBe(true)
  expect(asked).toEqual([25])
  expect(await saysFree(witnesses.slice(0, 1), ask)).toBe(false)
})

test('where the only port found counts touches, one that the rounds look at tells', () => {
  const memory = createMemory()
  const saw = (
    port: number,
    service: TouchTarget['service'],
    purpose: 'verify' | 'phantom' | 'identify',
    scan = 'scn_a',
  ) =>
    memory.saw(
      scan,
      { address: HOST, port, check: 'tcp', service },
      { purpose, sight: 'unresponsive', at: 0, afterMs: 6_000 },
    )
  saw(40_000, 'unknown', 'phantom')
  saw(443, 'unknown', 'identify')
  saw(8080, 'http', 'verify', 'scn_b')
  saw(25, 'smtp', 'verify')
  saw(80, 'http', 'verify')
  saw(22, 'unknown', 'verify')
  const inRounds = memory.inRounds('scn_a', HOST)
  expect(inRounds.map(({ port }) => port)).toEqual([22, 80, 25])
  expect(memory.inRounds('scn_a', '192.0.2.10')).toEqual([])
  expect(portsOf(witnessesOf(HOST, [known(25, 'smtp')], inRounds, null, false)).map(([port]) => port)).toEqual([
    80, 25, 22,
  ])
})

test('a port that stands tells first, then one that refused; what accepts everywhere tells only by a refusal', () => {
  const all = [known(22, 'ssh'), known(80, 'http', { state: 'open' })]
  expect(portsOf(witnessesOf(HOST, all, [], 7, false))).toEqual([[80, 'open']])
  expect(portsOf(witnessesOf(HOST, [known(80, 'http')], [], 7, false))).toEqual([[7, 'closed']])
  expect(portsOf(witnessesOf(HOST, all, [], 7, true))).toEqual([[7, 'closed']])
  expect(witnessesOf(HOST, [known(80, 'http', { phantom: true })], [], null, false)).toEqual([])
})
