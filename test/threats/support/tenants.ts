/** Two tenants beside the operator. The first has one of everything that a route can name; the second has nothing. */
import type { ScanAnswer, TargetAnswer } from '../../../schema/api.ts'
import type { ProofAnswer } from '../../../schema/proofApi.ts'
import type { TouchTarget } from '../../../schema/wire.ts'
import { exampleOf } from '../../../worker/deliver/examples.ts'
import { addWebhook, put } from '../../worker/support/channels.ts'
import { hasEnded, type Model, openFleet, openProcess, type Probe, play } from '../../worker/support/probes.ts'
import { KEY, openStage, type Stage } from '../../worker/support/stage.ts'

export interface Tenant {
  id: string
  /** of scope admin, write and read */
  keys: { admin: string; write: string; read: string }
}
export interface Town {
  stage: Stage
  fleet: Probe[]
  owner: Tenant
  stranger: Tenant
  /** of what the owner has (and of the operator's fleet), by the path segment before the id */
  ids: Readonly<Record<string, string>>
}

/** Stands in names and notes of the owner: nobody else may ever read it. */
export const MARK = 'Planted-7f3a'
const address = '127.0.61.1'
const OPEN: TouchTarget[] = [
  { address, port: 80, check: 'http', service: 'http' },
  { address, port: 3306, check: 'greeting', service: 'mysql' },
]

async function addTenant(stage: Stage, name: string): Promise<Tenant> {
  const { body } = await stage.api<{ id: string; key: string }>('POST', '/tenants', { name })
  const made = async (scope: string) =>
    (await stage.api<{ key: string }>('POST', '/keys', { name: scope, scope }, body.key)).body.key
  return { id: body.id, keys: { admin: body.key, write: await made('write'), read: await made('read') } }
}

export async function openTown(): Promise<Town> {
  const stage = await openStage({ ALLOW_LOCAL_RECEIVERS: '1' })
  const fleet = await openFleet(stage)
  for (const probe of fleet) await probe.lease()
  const owner = await addTenant(stage, `${MARK} owner`)
  const stranger = await addTenant(stage, 'Stranger')
  const mine = async <T>(method: string, path: string, body?: unknown) => {
    const answer = await stage.api<T>(method, path, body, owner.keys.admin)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  const operators = async (path: string, body: unknown) =>
    (await stage.api<{ id: string }>('POST', path, body, KEY)).body.id

  const channel = await addWebhook(stage, 'tenants', { name: `${MARK} hook` }, owner.keys.admin)
  const target = await mine<TargetAnswer>('POST', '/targets', { address, name: `${MARK} host`, ports: '80,3306' })
  const scan = await mine<ScanAnswer>('POST', '/scans', { targetId: target.id })
  const from = stage.now() + 12_000
  const model: Model = (probe, endpoint, now) =>
    endpoint.port === 3306 && probe.id === scan.scanner?.probeId && now > from ? 'closed' : 'open'
  const work = (how: Model) => fleet.map((probe) => openProcess(stage, probe, how, { engageMs: 30_000, open: OPEN }))
  const isOver = async () => ['finished', 'failed'].includes((await mine<ScanAnswer>('GET', `/scans/${scan.id}`)).state)
  await play(stage, work(model), isOver)
  const issue = (await mine<{ items: { id: string }[] }>('GET', '/issues')).items[0]?.id ?? ''
  const occurrence = (await mine<{ items: { id: string }[] }>('GET', `/issues/${issue}/occurrences`)).items[0]?.id ?? ''
  const proof = await mine<ProofAnswer>('POST', `/targets/${target.id}/prove`, {})
  const isProved = async () => (await mine<ProofAnswer>('GET', `/proofs/${proof.id}`)).state !== 'running'
  await play(
    stage,
    work(() => 'open'),
    isProved,
  )
  await put(stage, exampleOf('issue.opened', stage.now()), owner.id)
  await stage.tick()
  const deliveries = await mine<{ items: { id: string }[] }>('GET', `/channels/${channel.id}/deliveries`)
  const keys = await mine<{ items: { id: string }[] }>('GET', '/keys')
  // One more, so that its end does not take the others' place.
  const spare = await mine<{ id: string }>('POST', '/keys', { name: 'spare', scope: 'read' })
  const ranges = await stage.api<{ items: { id: string }[] }>('GET', '/ranges', undefined, KEY)
  return {
    ...{ stage, fleet, owner, stranger },
    ids: {
      targets: target.id,
      scans: scan.id,
      proofs: proof.id,
      issues: issue,
      occurrences: occurrence,
      channels: channel.id,
      deliveries: deliveries.items[0]?.id ?? '',
      keys: spare.id ?? keys.items[0]?.id ?? '',
      tenants: owner.id,
      probes: fleet[0]?.id ?? '',
      // The page of a probe.
      fleet: fleet[0]?.id ?? '',
      ranges: ranges.body.items[0]?.id ?? '',
      beacons: await operators('/beacons', { address: '127.0.0.1', port: 9 }),
      canaries: await operators('/canaries', { address: '127.0.96.1', port: 22, expect: 'open' }),
      letters: await operators('/letters', {
        tenantId: owner.id,
        cidr: '198.51.101.0/24',
        signedBy: MARK,
        signedAt: new Date(stage.now()).toISOString(),
        expiresAt: new Date(stage.now() + 30 * 86_400_000).toISOString(),
        sha256: 'b'.repeat(64),
      }),
      'opt-outs': await operators('/opt-outs', { cidr: '127.0.99.0/24', note: MARK }),
    },
  }
}

export { hasEnded, KEY }
