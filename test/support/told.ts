/** What the stories of the core ask of a scan that was told, beside its verdicts. */
import { endpointKey } from '../../schema/facts.ts'
import { evidenceOf } from '../../worker/core/evidence.ts'
import { renderOutput } from '../../worker/core/output.ts'
import { ADDRESS, type Told } from './facts.ts'

/** The evidence that the judgement was made of, and this port's part in it. */
export function endpointOf({ facts, judgement }: Told, port: number) {
  const scan = evidenceOf(facts, judgement.judgedAt)
  const endpoint = scan.byKey.get(endpointKey({ address: ADDRESS, port }))
  if (!endpoint) throw new Error(`no endpoint ${port}`)
  return { scan, endpoint }
}

/** The raw output. */
export const textOf = (told: Told): string => renderOutput({ ...told, target: 'shop.example', scannerLog: '' })
