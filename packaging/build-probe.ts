/** `npm run build:probe`: the bundle, and what it is. */
import { fileURLToPath } from 'node:url'
import { buildProbe } from './probe.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const { path, version, sha256, bytes, packages } = await buildProbe(root, process.argv[2])
process.stdout.write(
  `${path}\n  version ${version}, ${Math.round(bytes / 1024)} kB, with ${packages.join(' and ')}\n  sha256  ${sha256}\n`,
)
