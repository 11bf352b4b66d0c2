/**
 * `npm run build:portal`: makes the style sheet and the islands of the portal into text that the Worker carries. What is
 * made is kept in the repository, so that wrangler, the tests and the embedded Worker all bundle it like any other module;
 * a rule holds that it is fresh.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makePortal } from './portal.ts'

const root = join(import.meta.dirname, '..')
await mkdir(join(root, 'worker/portal/built'), { recursive: true })
for (const { path, text, bytes } of await makePortal(root)) {
  await writeFile(join(root, path), text)
  console.log(`${path}  ${bytes} bytes`)
}
