/**
 * Who may import whom (style.md, section 3). A file belongs to the longest key that is its path or a folder above it;
 * it may import its own zone and what is listed: other zones by their key, packages by name, `node:` and `cloudflare:`.
 */
export const MAY: Readonly<Record<string, readonly string[]>> = {
  schema: ['valibot'],
  'schema/columns.ts': ['drizzle-orm'],
  'schema/range-tables.ts': ['schema', 'schema/columns.ts', 'drizzle-orm'],
  'schema/channel-tables.ts': ['schema', 'drizzle-orm'],
  'schema/control-tables.ts': ['schema', 'schema/columns.ts', 'drizzle-orm'],
  'schema/access-tables.ts': ['schema/columns.ts', 'drizzle-orm'],
  'schema/ceiling-tables.ts': ['schema', 'drizzle-orm'],
  'schema/issue-tables.ts': ['schema', 'schema/columns.ts', 'drizzle-orm'],
  'schema/tables.ts': [
    ...[
      'schema',
      'schema/columns.ts',
      'schema/range-tables.ts',
      'schema/channel-tables.ts',
      'schema/control-tables.ts',
      'schema/access-tables.ts',
      'schema/ceiling-tables.ts',
      'schema/issue-tables.ts',
    ],
    'drizzle-orm',
  ],

  worker: [
    ...['worker/core', 'worker/allowlist', 'worker/store', 'worker/objects', 'worker/guards', 'worker/routes'],
    ...[
      'worker/notify',
      'worker/deliver',
      'schema',
      'schema/tables.ts',
      'hono',
      'valibot',
      'jose',
      'croner',
      'drizzle-orm',
      'cloudflare:',
    ],
  ],
  'worker/core': ['schema'],
  'worker/allowlist': ['schema', 'worker/core'],
  'worker/store': ['schema', 'schema/tables.ts', 'worker/core', 'drizzle-orm'],
  'worker/objects': ['schema', 'worker/core', 'worker/store', 'cloudflare:'],
  'worker/notify': ['schema', 'worker/core'],
  // Fills channels' boxes and empties them; what a message looks like it asks `notify`.
  'worker/deliver': ['schema', 'worker', 'worker/core', 'worker/store', 'worker/notify'],
  'worker/portal': ['schema', 'worker/core', 'worker/portal/built', 'hono'],
  // Made by packaging/portal.ts: text that browsers get, and what it is made from.
  'worker/portal/built': [],
  'worker/portal/islands': [],
  'worker/guards': ['schema', 'worker', 'worker/store', 'hono'],
  'worker/routes': [
    ...['schema', 'worker', 'worker/core', 'worker/allowlist', 'worker/store', 'worker/portal', 'worker/guards'],
    ...['worker/deliver'],
    ...['valibot', 'hono', 'hono-openapi', '@hono/standard-validator', '@valibot/to-json-schema'],
  ],
  // Runs on Node and starts the bundled Worker in workerd: it knows the Worker as a file to build, never as a module.
  'worker/embedded': ['schema', 'miniflare', 'esbuild', 'node:'],

  'probe-node': ['schema', 'probe-node/checks', 'ws', 'valibot', 'node:'],
  'probe-node/checks': ['schema', 'probe-node', 'node:'],
  'probe-node/commands': ['schema', 'probe-node', 'worker/embedded', 'node:'],
  'probe-node/main.ts': ['schema', 'probe-node', 'probe-node/commands', 'node:'],

  // Makes of the agent what is put on machines: it knows the source as files to build.
  packaging: ['schema', 'esbuild', 'node:'],

  // `npm start` drives the same commands that a person would type.
  demo: ['schema', 'probe-node/commands', 'node:'],
  // A host to scan and a guard that bans: they know nothing of ours, or the demo would prove nothing.
  'demo/host.ts': ['demo/guard.ts', 'node:'],
  'demo/guard.ts': ['node:'],
}
export const ZONES = Object.keys(MAY)
export const FOLDERS = ['schema', 'worker', 'probe-node', 'packaging', 'demo'] as const

export const zoneOf = (path: string): string | null =>
  ZONES.filter((zone) => path === zone || path.startsWith(`${zone}/`)).sort((a, b) => b.length - a.length)[0] ?? null

/** `hono/jsx` is `hono`; `@hono/standard-validator/x` is `@hono/standard-validator`; `node:net` is `node:`. */
export const packageOf = (specifier: string): string =>
  /^[a-z]+:/.exec(specifier)?.[0] ??
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

/** Why this import is not allowed; null when it is. */
export function objection(from: string, to: string): string | null {
  const zone = zoneOf(from)
  if (!zone) return `${from} is in no zone`
  if (/^test\//.test(to)) return `${from} imports ${to}: nobody imports test/`
  const own = /\.(tsx?|json|css|sql)$/.test(to)
  const wanted = own ? (zoneOf(to) ?? to) : packageOf(to)
  return wanted === zone || MAY[zone]?.includes(wanted) ? null : `${from} (${zone}) may not import ${to} (${wanted})`
}
