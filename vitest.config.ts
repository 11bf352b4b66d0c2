import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { openUnruly } from './test/support/unruly.ts'

const node = (name: string, extra: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], environment: 'node' as const, ...extra },
})

export default defineConfig({
  test: {
    // Most of them wait for sockets and timers: three at once, also where there are only two cores.
    maxWorkers: 3,
    // Of stories of one file that may run beside each other (`test.concurrent`): they wait for seconds to pass.
    maxConcurrency: 3,
    projects: [
      // No test here waits for anything; a loaded machine takes its time all the same.
      node('schema', { testTimeout: 60_000 }),
      node('core', { testTimeout: 60_000 }),
      node('golden', { testTimeout: 60_000 }),
      node('rules'),
      node('notify', { testTimeout: 30_000 }),
      node('probe', { testTimeout: 30_000 }),
      // Stacks of separate processes, each with a folder, ports and probes of its own.
      node('line', { testTimeout: 300_000, hookTimeout: 120_000 }),
      // Stacks too, with a real browser before them: `npm run test:portal`.
      node('portal', { testTimeout: 180_000, hookTimeout: 240_000 }),
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              bindings: {
                TEST_MIGRATIONS: await readD1Migrations('./schema/migrations'),
                // What stories in workerd send notices to: a real listener, which only Node can open.
                RECEIVER: (await openUnruly({ unref: true })).url,
              },
            },
          })),
        ],
        test: { name: 'worker', include: ['test/{worker,threats}/**/*.test.{ts,tsx}'], testTimeout: 120_000 },
      },
    ],
  },
})
