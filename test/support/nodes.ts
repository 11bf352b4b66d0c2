/** The Nodes in which the one-file probe must run: ours, and those of test/nodes (`npm ci --prefix test/nodes`). */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, '../nodes/node_modules')

/** Each with its path, or null where it is not installed. */
export const NODES: readonly { name: string; path: string | null }[] = [
  { name: 'Node 20', path: installed(join(FOLDER, 'node20/bin/node'), 'v20.') },
  { name: 'Node 22', path: installed(join(FOLDER, 'node22/bin/node'), 'v22.') },
  { name: 'Node 24', path: installed(process.execPath, 'v24.') },
]

function installed(path: string, version: string): string | null {
  try {
    return execFileSync(path, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).startsWith(
      version,
    )
      ? path
      : null
  } catch {
    return null
  }
}
