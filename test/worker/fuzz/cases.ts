/** One case: a request to a route, spoilt a little, by somebody who gets past the door. */
import type { Probe } from '../support/fleet.ts'
import { type Luck, luckFrom } from './luck.ts'
import { oddText, spoilt } from './mutate.ts'
import { poolOf, type Realm, type Tenant } from './realm.ts'
import { type Schema, validOf } from './valid.ts'

export interface Route {
  method: string
  path: string
  body: Schema | undefined
}
export interface Case {
  method: string
  path: string
  headers: Record<string, string>
  bytes: Uint8Array<ArrayBuffer> | null
  /** whose answer it is; null: the public, or a probe */
  tenant: Tenant | null
  probe: Probe | null
  changes: number
}

const PREFIX: Readonly<Record<string, string>> = {
  targets: 'tgt',
  scans: 'scn',
  issues: 'iss',
  occurrences: 'occ',
  channels: 'chn',
  keys: 'key',
  probes: 'prb',
  ranges: 'rng',
  beacons: 'bcn',
  'opt-outs': 'out',
  tenants: 'ten',
  proofs: 'prf',
}
const TYPES = [
  'application/json',
  'application/json',
  'application/json',
  'application/json; charset=utf-16',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  '',
]
const QUERIES = ['limit', 'cursor', 'state', 'targetId', 'format', 'since', 'kind', 'site', 'once', 'q', 'issueId']

/** The case of this seed and number, without those changes. */
export function caseOf(
  realm: Realm,
  routes: readonly Route[],
  seed: number,
  n: number,
  without: ReadonlySet<number>,
): Case {
  const luck = luckFrom(seed, n)
  const probing = luck.chance(0.5)
  const changes = luck.chance(0.1) ? 0 : 1 + luck.below(4)
  const own = routes.filter(({ path }) => path.startsWith('/probe/') === probing)
  const route = luck.pick(own)
  const options = { seed: [seed, n], count: changes, without }
  return probing ? probeCase(realm, route, luck, options) : apiCase(realm, route, luck, options)
}

type Options = Parameters<typeof spoilt>[1]

function probeCase(realm: Realm, { method, path, body }: Route, luck: Luck, options: Options): Case {
  const held = luck.chance(0.9) ? realm.runs[luck.below(realm.runs.length)] : undefined
  const probe = held && luck.chance(0.95) ? held.probe : luck.pick(realm.probes)
  const value = validOf(body, luck, realm.all) as Record<string, unknown> | null
  if (held && value && 'runId' in value) {
    const { runId, epoch, plan } = held.run
    const touched = 'steps' in plan ? plan.steps[0]?.touches[0] : undefined
    const address = plan.kind === 'scan' ? plan.addresses[0] : touched?.address
    // Something the run may say, most of the time: else every message would end at the same check.
    const inside = <T>(list: unknown): T[] =>
      (Array.isArray(list) ? list.map((one) => ({ ...one, address, port: luck.pick([22, 80, 443]) })) : list) as T[]
    Object.assign(value, {
      runId,
      epoch: luck.chance(0.9) ? epoch : epoch + 1 - luck.below(3),
      seq: 1 + luck.below(1_000),
    })
    for (const list of ['observations', 'spans', 'found', 'lost', 'recheck', 'engagement'])
      if (list in value) value[list] = inside(value[list])
    if (plan.kind !== 'scan' && luck.chance(0.8))
      for (const word of [
        'phase',
        'progress',
        'ready',
        'discovered',
        'untested',
        'ports',
        'engagement',
        'recheck',
        'output',
      ])
        delete value[word]
    if (plan.kind !== 'scan' && luck.chance(0.8)) value.found = []
  }
  if (value && 'wire' in value) value.wire = 1
  const bytes = method === 'GET' ? null : spoilt(value, options)
  const headers: Record<string, string> = { 'content-type': luck.chance(0.97) ? 'application/json' : luck.pick(TYPES) }
  if (path.endsWith('/doorbell') && luck.chance(0.5)) headers.upgrade = 'websocket'
  if (luck.chance(0.02)) headers['content-encoding'] = luck.pick(['gzip', 'br', 'identity', 'x'])
  return { method, path, headers, bytes, tenant: null, probe, changes: options.count }
}

function apiCase(realm: Realm, { method, path, body }: Route, luck: Luck, options: Options): Case {
  const tenant = luck.pick(realm.tenants)
  const pool = poolOf(tenant, realm, luck.chance(0.3))
  const parts = path.split('/')
  const filled = parts.map((part, i) => {
    if (!part.startsWith(':')) return part
    if (luck.chance(0.1)) return oddText(luck)
    const known = pool.get(PREFIX[parts[i - 1] ?? ''] ?? '') ?? []
    return known.length > 0 ? luck.pick(known) : `${PREFIX[parts[i - 1] ?? ''] ?? 'x'}_ABCDEFGHIJ0123456789`
  })
  const query = luck.chance(0.3)
    ? `?${Array.from({ length: 1 + luck.below(3) }, () => `${luck.pick(QUERIES)}=${luck.chance(0.5) ? oddText(luck) : luck.pick(['1', '200', 'open', 'running', 'nginx', 'fail2ban'])}`).join('&')}`
    : ''
  const headers: Record<string, string> = {}
  if (luck.chance(0.97)) headers.authorization = `Bearer ${luck.pick(tenant.keys)}`
  const isBodied = body !== undefined || (method !== 'GET' && luck.chance(0.5))
  const bytes = isBodied && method !== 'GET' ? spoilt(validOf(body, luck, pool) ?? {}, options) : null
  if (bytes) headers['content-type'] = luck.chance(0.95) ? 'application/json' : luck.pick(TYPES)
  if (luck.chance(0.1)) headers.accept = luck.pick(['text/html', '*/*', 'application/yaml', 'x'.repeat(500)])
  if (luck.chance(0.05)) headers['if-none-match'] = luck.pick(['*', '""', 'W/"x"', '"'.repeat(50)])
  if (luck.chance(0.05)) headers['last-event-id'] = luck.pick(['-1', '9e99', 'x', '🙂'].map(encodeURIComponent))
  if (luck.chance(0.05))
    headers.cookie = luck.pick(['portwitness_session=a.b.9999999999999.c', 'portwitness_session=;=;', '=; ='])
  return {
    method,
    path: filled.join('/') + query,
    headers,
    bytes,
    tenant: headers.authorization ? tenant : null,
    probe: null,
    changes: options.count,
  }
}
