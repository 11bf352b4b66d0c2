import { expect, test } from 'vitest'
import type { ScanAnswer } from '../../../schema/api.ts'
import { startStack } from '../../support/stack.ts'

// Over two minutes of waiting: `npm run test:slow`, and CI.
test.runIf(process.env.PORTWITNESS_SLOW)(
  'a target due each minute from two sites, left alone for 130 s, is scanned twice from each',
  async () => {
    await using stack = await startStack()
    const host = await stack.demoHost('127.0.0.31', '--no-guard')
    // Begin early in a minute, so that exactly two full minutes pass.
    await new Promise((resolve) => setTimeout(resolve, 60_000 - (Date.now() % 60_000) + 1_000))
    const { id } = await stack.worker.api.send<{ id: string }>('POST', '/api/v1/targets', {
      address: host.address,
      ports: host.window,
      schedule: '* * * * *',
      sites: ['fra-1', 'ash-1'],
      profile: 'discovery',
    })
    await new Promise((resolve) => setTimeout(resolve, 130_000))
    await stack.worker.api.send('PATCH', `/api/v1/targets/${id}`, { schedule: null })
    const finished = async () => {
      const { items } = await stack.worker.api.get<{ items: ScanAnswer[] }>(`/api/v1/scans?targetId=${id}`)
      return items.map((scan) => `${scan.scanner?.site} ${scan.state}`).sort()
    }
    await expect
      .poll(finished, { timeout: 60_000, interval: 1_000 })
      .toEqual(['ash-1 finished', 'ash-1 finished', 'fra-1 finished', 'fra-1 finished'])
  },
)
