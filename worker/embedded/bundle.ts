import { build, type Plugin } from 'esbuild'

/** Bundles the Worker into one ES module, as `wrangler deploy` would. `root` is the folder of the repository. */
export async function bundleWorker(
  root: string,
  entry = 'worker/index.ts',
  plugins: readonly Plugin[] = [],
): Promise<string> {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    target: 'es2024',
    mainFields: ['module', 'main'],
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    loader: { '.txt': 'text', '.css': 'text', '.sql': 'text', '.html': 'text' },
    jsx: 'automatic',
    jsxImportSource: 'hono/jsx',
    define: { 'process.env.NODE_ENV': '"production"' },
    sourcemap: 'inline',
    sourcesContent: false,
    logLevel: 'error',
    plugins: [...plugins],
  })
  const [file] = result.outputFiles
  if (!file) throw new Error(`esbuild gave no output for ${entry}`)
  return file.text
}
