import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startCron } from '../../worker/embedded/cron.ts'

const MINUTE = 60_000

beforeEach(() => vi.useFakeTimers({ now: Date.UTC(2026, 0, 1, 12, 0, 17) }))
afterEach(() => vi.useRealTimers())

test('cron ticks at the start and then each minute on the minute', async () => {
  const ticks: [at: number, scheduledTime: number][] = []
  const stop = startCron(async (scheduledTime) => void ticks.push([Date.now(), scheduledTime]))
  await vi.advanceTimersByTimeAsync(3 * MINUTE)
  const noon = Date.UTC(2026, 0, 1, 12)
  expect(ticks[0]).toEqual([noon + 17_000, noon])
  expect(ticks.slice(1)).toEqual([1, 2, 3].map((n) => [noon + n * MINUTE, noon + n * MINUTE]))
  await stop()
})

test('a slow tick makes the next one late, and none piles up', async () => {
  let running = 0
  let most = 0
  const ticks: number[] = []
  const stop = startCron(async (scheduledTime) => {
    most = Math.max(most, ++running)
    ticks.push(scheduledTime)
    await new Promise((resolve) => setTimeout(resolve, 2.5 * MINUTE))
    running--
  })
  await vi.advanceTimersByTimeAsync(8 * MINUTE)
  expect(most).toBe(1)
  expect(ticks.length).toBe(3)
  const stopped = stop()
  await vi.advanceTimersByTimeAsync(3 * MINUTE)
  await stopped
  expect(running).toBe(0)
})
