/** A tenant of its own with public addresses, name servers of ours, and probes that answer for the addresses. Nothing leaves workerd. */
import type { TargetAnswer } from '../../../schema/api.ts'
import type { VerificationAnswer } from '../../../schema/control.ts'
import type { Fetched, LeasedRun } from '../../../schema/wire.ts'
import { enrolProbe, type Probe } from '../../worker/support/probes.ts'
import { openStage, type Stage } from '../../worker/support/stage.ts'

export const DAY = 86_400_000

/** What name servers say, by name; an entry may change while a story goes on. Silent for what is not there. */
export interface Names {
  addresses: Record<string, readonly string[]>
  txt: Record<string, readonly string[]>
  ptr: Record<string, readonly string[]>
  /** nobody answers at all */
  isDown: boolean
}

export function openNames(stage: Stage): Names {
  const names: Names = { addresses: {}, txt: {}, ptr: {}, isDown: false }
  const answer = async (request: Request | string) => {
    const { searchParams } = new URL(typeof request === 'string' ? request : request.url)
    if (names.isDown) return new Response('', { status: 502 })
    const name = searchParams.get('name') ?? ''
    const type = searchParams.get('type')
    if (type === null) return Response.json({ addresses: names.addresses[name] ?? [] })
    return Response.json({ records: (type === 'TXT' ? names.txt : names.ptr)[name] ?? [] })
  }
  stage.env.RESOLVER = { fetch: answer } as unknown as Fetcher
  return names
}

/** Probes with public source addresses, as one has them on the internet, on as many sites. */
export async function openPublicFleet(stage: Stage): Promise<Probe[]> {
  const sources = [
    { site: 'fra-1', sourceAddress: '185.12.64.1' },
    { site: 'fra-1', sourceAddress: '185.12.64.2' },
    { site: 'nyc-1', sourceAddress: '23.94.10.1' },
    { site: 'sgp-1', sourceAddress: '103.253.40.1' },
    { site: 'sgp-1', sourceAddress: '2a01:4f8:aaaa::1' },
  ]
  const fleet: Probe[] = []
  for (const source of sources) fleet.push(await enrolProbe(stage, { ...source, rangeActive: true } as typeof source))
  return fleet
}

/** Another tenant, and a door that speaks with its key. */
export async function openTenant(stage: Stage, name: string) {
  const { body } = await stage.api<{ id: string; key: string }>('POST', '/tenants', { name })
  const api = <T = Record<string, unknown>>(method: string, path: string, sent?: unknown) =>
    stage.api<T & { code: string; detail: string }>(method, path, sent, body.key)
  return {
    id: body.id,
    api,
    add: async (address: string, more: object = {}) =>
      (await api<TargetAnswer>('POST', '/targets', { address, ports: '443', ...more })).body,
    scan: (targetId: string) => api('POST', '/scans', { targetId }),
    wish: (targetId: string, wish: object = {}) =>
      api<VerificationAnswer>('POST', `/targets/${targetId}/verification`, wish),
    check: (targetId: string) => api<VerificationAnswer>('POST', `/targets/${targetId}/verification/check`, {}),
    read: async (targetId: string) => (await api<VerificationAnswer>('GET', `/targets/${targetId}/verification`)).body,
  }
}
export type Tenant = Awaited<ReturnType<typeof openTenant>>

/** What an address answers to a GET of the token. */
export type Site = (probe: Probe, address: string, port: number) => Pick<Fetched, 'status' | 'code'> & { text?: string }

/** The control runs that are due for these probes, carried out against this site. Answers what was leased. */
export async function fetchAll(fleet: readonly Probe[], site: Site): Promise<LeasedRun[]> {
  const done: LeasedRun[] = []
  for (const probe of fleet) {
    const { runs } = await probe.lease({ capacity: { scan: 0, short: 8, baseline: 0 }, allowPrivate: false })
    for (const run of runs.filter(({ kind }) => kind === 'control')) {
      done.push(run)
      if (run.plan.kind !== 'control') continue
      const fetched = run.plan.fetches.map(({ address, port }) => {
        const { text, ...said } = site(probe, address, port)
        return { address, port, afterMs: 20, ...said, ...(text === undefined ? {} : { body: btoa(text) }) }
      })
      await sayResult(probe, run, { outcome: 'done', fetched })
    }
  }
  return done
}

export const sayResult = (probe: Probe, { runId, epoch }: LeasedRun, more: object) =>
  probe.say('result', { runId, epoch, seq: 1, observations: [], spans: [], found: [], ...more })

export const serving =
  (text: string): Site =>
  () => ({ status: 200, text })

/** The token that one of the target's addresses is to serve. */
export const tokenOf = ({ addresses }: VerificationAnswer, address = addresses[0]?.address): string =>
  addresses.find((one) => one.address === address)?.task?.content ?? 'no task'

/** Proves a target over HTTP, as its owner would. */
export async function prove(stage: Stage, fleet: readonly Probe[], tenant: Tenant, targetId: string): Promise<void> {
  const { body } = await tenant.wish(targetId)
  const tokens = new Map(body.addresses.map(({ address, task }) => [address, task?.content ?? '']))
  await tenant.check(targetId)
  await fetchAll(fleet, (_, address) => ({ status: 200, text: `${tokens.get(address)}\n` }))
  stage.pass(30_000)
}

/** All that the stories about control share: a stage without private addresses, a fleet on the internet, name servers, two tenants. */
export async function openCountry() {
  const stage = await openStage({ ALLOW_PRIVATE: '' })
  const names = openNames(stage)
  const fleet = await openPublicFleet(stage)
  const mine = await openTenant(stage, 'mine')
  const theirs = await openTenant(stage, 'theirs')
  let next = 0
  return {
    ...{ stage, names, fleet, mine, theirs },
    /** Each story has a network of its own. */
    fresh: (host = 7) => `45.33.${++next}.${host}`,
    /** Every probe is heard of. */
    alive: async () => {
      for (const probe of fleet)
        await probe.lease({ capacity: { scan: 0, short: 0, baseline: 0 }, allowPrivate: false })
    },
    /** What was told of an address whose proof fails, in order. */
    told: async (address: string) =>
      (
        await stage.env.DB.prepare("SELECT body FROM outbox WHERE name = 'control.failing' AND body LIKE ? ORDER BY at")
          .bind(`%${address}%`)
          .all<{ body: string }>()
      ).results.map(({ body }) => (JSON.parse(body) as { data: { state: string } }).data.state),
  }
}
export type Country = Awaited<ReturnType<typeof openCountry>>

export const controlOf = async (tenant: Tenant, targetId: string) =>
  (await tenant.api<TargetAnswer>('GET', `/targets/${targetId}`)).body.control
export const issuesOf = async (tenant: Tenant, targetId: string) =>
  (
    await tenant.api<{
      items: { id: string; finding: string; state: string; title: string; closedBy: string | null }[]
    }>('GET', `/issues?targetId=${targetId}`)
  ).body.items
