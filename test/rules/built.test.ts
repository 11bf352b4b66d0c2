import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makePortal } from '../../packaging/portal.ts'
import { textOf } from './source.ts'

test('what browsers get was made from the style and the islands as they stand: npm run build:portal', async () => {
  for (const { path, text } of await makePortal(join(import.meta.dirname, '../..')))
    expect(textOf(path), path).toBe(text)
})
