import { applyD1Migrations } from 'cloudflare:test'
import { env, exports } from 'cloudflare:workers'
import { expect, test } from 'vitest'
test('d1', async () => {
  await applyD1Migrations((env as any).DB, (env as any).TEST_MIGRATIONS)
  const r = await (env as any).DB.prepare('select count(*) n from scans').first()
  expect(r.n).toBe(0)
  expect(await (await (exports as any).default.fetch('http://x/')).text()).toBe('ok')
})
