import { expect, test } from 'vitest'
import { createRation } from '../../probe-node/ration.ts'

const HERE = { address: '192.0.2.1', port: 22 }

function clocked() {
  const clock = { now: 0 }
  return { clock, ration: createRation(() => clock.now) }
}

test('a service that counts us is touched twice in 10 s and four times in 10 min', () => {
  const { clock, ration } = clocked()
  const taken: number[] = []
  for (; clock.now < 1_200_000; clock.now += 500) if (ration.take(HERE, 'ssh')) taken.push(clock.now)
  expect(taken.slice(0, 4)).toEqual([0, 500, 10_000, 10_500])
  expect(taken.slice(4, 6)).toEqual([600_000, 600_500])
  for (const from of taken) {
    expect(taken.filter((at) => at >= from && at < from + 10_000).length).toBeLessThanOrEqual(2)
    expect(taken.filter((at) => at >= from && at < from + 600_000).length).toBeLessThanOrEqual(4)
  }
})

test('the first touch, made before the service was known, counts', () => {
  const { ration } = clocked()
  ration.count(HERE)
  expect([ration.take(HERE, 'ssh'), ration.take(HERE, 'ssh')]).toEqual([true, false])
})

test('each endpoint has its own ration', () => {
  const { ration } = clocked()
  ration.take(HERE, 'smtp')
  ration.take(HERE, 'smtp')
  expect(ration.take(HERE, 'smtp')).toBe(false)
  expect(ration.take({ ...HERE, port: 2222 }, 'smtp')).toBe(true)
})

test('services that do not count are not rationed', () => {
  const { ration } = clocked()
  expect(Array.from({ length: 50 }, () => ration.take({ address: '192.0.2.1', port: 80 }, 'http'))).not.toContain(false)
})
