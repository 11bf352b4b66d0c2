import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const STYLE = 'worker/portal/style/index.css'
const ISLANDS = 'worker/portal/islands'
export interface Made {
  /** of the module, from the root of the repository */
  path: string
  text: string
  /** of what browsers get */
  bytes: number
}

/** The modules that carry the portal's style and islands. `root` is the folder of the repository. */
export async function makePortal(root: string): Promise<Made[]> {
  // What islands share lies a folder deeper.
  const islands = readdirSync(join(root, ISLANDS)).filter((name) => name.endsWith('.ts'))
  return Promise.all([
    made(root, STYLE, 'style'),
    ...islands.map((name) => made(root, `${ISLANDS}/${name}`, name.replace(/\.ts$/, ''))),
  ])
}

async function made(root: string, entry: string, name: string): Promise<Made> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    // light-dark() and :has() are in all of these.
    target: ['chrome123', 'firefox121', 'safari17.5'],
    legalComments: 'none',
    logLevel: 'error',
  })
  const text = outputFiles[0]?.text ?? ''
  const version = createHash('sha256').update(text).digest('hex').slice(0, 12)
  return {
    path: `worker/portal/built/${name}.ts`,
    text: `// Made from ${entry} by npm run build:portal.\nexport default ${JSON.stringify({ version, text })}\n`,
    bytes: Buffer.byteLength(text),
  }
}
