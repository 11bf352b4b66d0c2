/**
 * Bundles the probe into one file without dependencies: `dist/probe/portwitness-probe.mjs` and its SHA-256. The same source gives
 * the same bytes. It runs on Node 20.16 and newer (`process.getBuiltinModule`); `ws` is inside, as Node has no WebSocket of its
 * own before 22, and that one can neither sign its request with headers nor bind to the probe's address.
 */
import { createHash } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { build, type Metafile, type Plugin } from 'esbuild'

export const BUNDLE = 'portwitness-probe.mjs'
/** The oldest Node for which the code is written out. */
const OLDEST = 'node20.16'
const OPTIONS = { bundle: true, platform: 'node', target: OLDEST, write: false, logLevel: 'error' } as const

export interface Built {
  /** the file that was written */
  path: string
  version: string
  sha256: string
  bytes: number
  /** packages whose code is inside */
  packages: string[]
}

/** Writes the bundle of the repository at `root` into `folder`. */
export async function buildProbe(root: string, folder = join(root, 'dist/probe')): Promise<Built> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
  const thread = await build({
    ...OPTIONS,
    absWorkingDir: root,
    entryPoints: ['probe-node/sweep/thread.ts'],
    format: 'esm',
  })
  const bundle = await build({
    ...OPTIONS,
    absWorkingDir: root,
    entryPoints: ['probe-node/main.ts'],
    format: 'esm',
    metafile: true,
    legalComments: 'none',
    // ws is CommonJS and asks for Node's own modules by `require`; what it may use besides is not there, and it does without.
    external: ['bufferutil', 'utf-8-validate'],
    plugins: [ownCommands(root), threadInside(textOf(thread.outputFiles))],
    define: { 'process.env.WS_NO_BUFFER_UTIL': '"1"', 'process.env.WS_NO_UTF_8_VALIDATE': '"1"' },
    banner: {
      js: [
        '#!/usr/bin/env node',
        `// portwitness-probe ${version}. Licences at the end of this file.`,
        "import { createRequire as portwitnessRequire } from 'node:module'",
        'const require = portwitnessRequire(import.meta.url)',
      ].join('\n'),
    },
  })
  const packages = packagesOf(bundle.metafile)
  const text = `${textOf(bundle.outputFiles)}\n${await licences(root, packages)}`
  const sha256 = createHash('sha256').update(text).digest('hex')
  const path = join(folder, BUNDLE)
  await mkdir(folder, { recursive: true })
  await writeFile(path, text)
  await chmod(path, 0o755)
  await writeFile(`${path}.sha256`, `${sha256}  ${BUNDLE}\n`)
  return { path, version, sha256, bytes: Buffer.byteLength(text), packages }
}

const textOf = (files: readonly { text: string }[]): string => files[0]?.text ?? ''

/** The short list of commands in the place of the long one. */
const ownCommands = (root: string): Plugin => ({
  name: 'own-commands',
  setup(builder) {
    builder.onResolve({ filter: /commands\/index\.ts$/ }, () => ({
      path: join(root, 'probe-node/commands/bundled.ts'),
    }))
  },
})

const THREAD = "new URL('./thread.ts', import.meta.url)"
/** The sweep's thread is a file of its own; here its code is carried along as a `data:` URL. */
const threadInside = (code: string): Plugin => ({
  name: 'thread-inside',
  setup(builder) {
    builder.onLoad({ filter: /probe-node[/\\]sweep[/\\]threads\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      if (!source.includes(THREAD)) throw new Error(`${path} no longer starts its thread by ${THREAD}`)
      const url = `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`
      return { contents: source.replace(THREAD, `new URL('${url}')`), loader: 'ts' }
    })
  },
})

const packagesOf = ({ inputs }: Metafile): string[] => {
  const names = Object.keys(inputs).flatMap(
    (path) => /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [],
  )
  return [...new Set(names)].sort()
}

/** Our own licence and that of every package inside, whole, as comments. A package without one cannot be bundled. */
async function licences(root: string, packages: readonly string[]): Promise<string> {
  const parts = [{ title: 'portwitness (Apache-2.0)', text: await readFile(join(root, 'LICENSE'), 'utf8') }]
  for (const name of packages) {
    const folder = join(root, 'node_modules', name)
    const file = (await readdir(folder)).find((it) => /^licen[cs]e(\.(md|txt))?$/i.test(it))
    const { version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Record<
      string,
      string
    >
    if (!file) throw new Error(`${relative(root, folder)} has no licence text`)
    parts.push({ title: `${name} ${version} (${license})`, text: await readFile(join(folder, file), 'utf8') })
  }
  const comment = (line: string) => (line.trim() === '' ? '//' : `// ${line.trimEnd()}`)
  return parts
    .flatMap(({ title, text }) => [`// ==== licence of ${title} ====`, ...text.trim().split('\n').map(comment)])
    .join('\n')
    .concat('\n')
}
