/** Whom the fuzzer speaks as, and what it knows: two tenants and the operator with a key of each scope, and a signing fleet. */
import type { LeasedRun } from '../../../schema/wire.ts'
import { type Door, enrolProbe, type Probe } from '../support/fleet.ts'
import type { Pool } from './valid.ts'

export interface Tenant {
  name: string
  /** a word that stands in what this tenant alone may read */
  secret: string
  admin: string
  keys: string[]
  pool: Map<string, string[]>
}
export interface Realm {
  tenants: Tenant[]
  probes: Probe[]
  runs: { probe: Probe; run: LeasedRun }[]
  /** ids of everybody, to be asked for by those whose they are not */
  all: Map<string, string[]>
}

const LISTS = ['targets', 'scans', 'issues', 'channels', 'keys', 'probes', 'ranges', 'beacons', 'opt-outs', 'tenants']
const SOURCES = ['127.71.1.1', '127.71.1.2', '127.71.2.1', '127.71.3.1']
const SITES = ['fra-1', 'fra-1', 'nyc-1', 'sgp-1']

const must = async <T>(door: Door, key: string, method: string, path: string, body?: unknown): Promise<T> => {
  const answer = await door.api<T>(method, path, body, key)
  if (answer.status > 299)
    throw new Error(`${method} ${path} was answered ${answer.status}: ${JSON.stringify(answer.body)}`)
  return answer.body
}

/** A stack as it is used: called again when its keys, probes or runs are gone. */
export async function settle(door: Door, bootstrap: string): Promise<Realm> {
  const probes: Probe[] = []
  for (const [i, sourceAddress] of SOURCES.entries())
    probes.push(await enrolProbe(door, { site: SITES[i] ?? 'fra-1', sourceAddress, country: 'DE', provider: 'P' }))
  for (const probe of probes) await probe.lease()
  const operator: Tenant = { name: 'operator', secret: 'canaryOperatorQ7', admin: bootstrap, keys: [], pool: new Map() }
  const tenants = [operator]
  for (const name of ['Ann', 'Ben']) {
    const { key } = await must<{ key: string }>(door, bootstrap, 'POST', '/tenants', { name })
    tenants.push({ name, secret: `canary${name}Q7`, admin: key, keys: [], pool: new Map() })
  }
  for (const [i, tenant] of tenants.entries()) {
    for (const scope of ['read', 'write', 'admin'])
      tenant.keys.push(
        (await must<{ key: string }>(door, tenant.admin, 'POST', '/keys', { name: `${tenant.secret} ${scope}`, scope }))
          .key,
      )
    for (let n = 0; n < 2; n++) {
      const address = `127.72.${i}.${n + 1}`
      const body = { address, ports: '22,80,443', profile: 'discovery', tags: [tenant.secret] }
      const target = await must<{ id: string }>(door, tenant.admin, 'POST', '/targets', body)
      await must(door, tenant.admin, 'POST', '/scans', { targetId: target.id, site: 'fra-1' })
    }
    const hook = { kind: 'webhook', name: tenant.secret, url: 'http://127.0.0.1:9/in/x' }
    await must(door, tenant.admin, 'POST', '/channels', hook)
  }
  const realm: Realm = { tenants, probes, runs: [], all: new Map() }
  await look(door, realm)
  return realm
}

/** Learns anew what ids there are and which runs are held; false when the realm is no more what it was. */
export async function look(door: Door, realm: Realm): Promise<boolean> {
  for (const tenant of realm.tenants) {
    for (const list of LISTS) {
      const { status, body } = await door.api<{ items?: { id?: string }[] }>('GET', `/${list}`, undefined, tenant.admin)
      if (status === 401) return false
      const ids = (body.items ?? []).flatMap(({ id }) => id ?? []).slice(-20)
      for (const id of ids) note(tenant.pool, id.slice(0, 3), id)
    }
    for (const [prefix, ids] of tenant.pool) {
      tenant.pool.set(prefix, ids.slice(-20))
      for (const id of ids) note(realm.all, prefix, id)
    }
  }
  realm.runs = []
  for (const probe of realm.probes) {
    const health = { agent: 'test', fit: true, reasons: [], lagMs: 0, spooled: 0 }
    const ask = { wire: 1, capacity: { scan: 1, short: 8, baseline: 8 }, holding: [], allowPrivate: true, health }
    const { status, body } = await probe.say<{ runs: LeasedRun[] }>('lease', ask)
    if (status !== 200) return false
    for (const run of body.runs) realm.runs.push({ probe, run })
  }
  for (const tenant of realm.tenants)
    for (const key of tenant.keys) if ((await door.api('GET', '/targets', undefined, key)).status === 401) return false
  return true
}

function note(pool: Map<string, string[]>, prefix: string, id: string): void {
  const ids = pool.get(prefix) ?? []
  if (!ids.includes(id)) pool.set(prefix, [...ids, id].slice(-60))
}

export const poolOf = (tenant: Tenant, realm: Realm, foreign: boolean): Pool => (foreign ? realm.all : tenant.pool)
