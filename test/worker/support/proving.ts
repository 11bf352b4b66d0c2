/** A target with two open ports, the fleet that proves its allowlist, and a defence that turns source addresses away. */
import type { ScanAnswer, TargetAnswer } from '../../../schema/api.ts'
import type { ProofAnswer } from '../../../schema/proofApi.ts'
import type { TouchTarget } from '../../../schema/wire.ts'
import type { Answer } from './fleet.ts'
import { hasEnded, type Model, openFleet, openProcess, type Probe, type Process, play } from './probes.ts'
import { openStage, type Stage } from './stage.ts'

export const address = '127.0.9.40'
export const OPEN: readonly TouchTarget[] = [
  { address, port: 80, check: 'http', service: 'http' },
  { address, port: 3306, check: 'greeting', service: 'mysql' },
]
export const PORTS = '80,3306,8000-8010'

export interface Proving {
  stage: Stage
  fleet: Probe[]
  targetId: string
  /** source addresses that the target's defence turns away */
  banned: Set<string>
  prove(body?: object, id?: string): Promise<Answer<ProofAnswer>>
  readProof(id: string): Promise<ProofAnswer>
  isOver(id: string): () => Promise<boolean>
  processes(who?: readonly Probe[], model?: Model): Process[]
  /** a proof that was played to its end */
  proved(body?: object, who?: readonly Probe[]): Promise<ProofAnswer>
}

export async function openProving(): Promise<Proving> {
  const stage = await openStage()
  const fleet = await openFleet(stage)
  for (const probe of fleet) await probe.lease()
  const { body } = await stage.api<TargetAnswer>('POST', '/targets', { address, ports: PORTS, profile: 'assertive' })
  const targetId = body.id
  const banned = new Set<string>()
  const seen: Model = (probe, endpoint) =>
    endpoint.address === address && banned.has(probe.sourceAddress) ? 'unresponsive' : 'open'
  const processes: Proving['processes'] = (who = fleet, model = seen) =>
    who.map((probe) => openProcess(stage, probe, model, { engageMs: 20_000, open: OPEN }))
  const prove: Proving['prove'] = (wish = {}, id = targetId) => stage.api('POST', `/targets/${id}/prove`, wish)
  const readProof: Proving['readProof'] = async (id) => (await stage.api<ProofAnswer>('GET', `/proofs/${id}`)).body
  const isOver: Proving['isOver'] = (id) => async () => (await readProof(id)).state !== 'running'
  const proved: Proving['proved'] = async (wish = {}, who = fleet) => {
    const opened = await prove(wish)
    if (opened.status !== 202)
      throw new Error(`the proof was answered ${opened.status}: ${JSON.stringify(opened.body)}`)
    await play(stage, processes(who), isOver(opened.body.id), 1_200)
    return readProof(opened.body.id)
  }
  return { stage, fleet, targetId, banned, prove, readProof, isOver, processes, proved }
}

/** The same with a scan behind it that ended clear: its ports are known. */
export async function openKnown(): Promise<Proving> {
  const on = await openProving()
  const opened = await on.stage.api<ScanAnswer>('POST', '/scans', { targetId: on.targetId, site: 'fra-1' })
  await play(on.stage, on.processes(), hasEnded(on.stage, opened.body.id))
  return on
}
