/** What is told of proof of control: that it cannot be renewed, and that it has lapsed. */
import type { CheckedMethod, ControlTrouble } from '../../../schema/control.ts'
import type { EventOf } from '../../../schema/events.ts'
import { EVENT_VERSION } from '../../../schema/events.ts'
import { iso, said } from './said.ts'
import { type ToldScan, targetOf } from './scan.ts'

const METHOD: Record<CheckedMethod, string> = {
  http: 'the token is served by the address itself',
  reverse_dns: 'the reverse name of the address lies in your domain and leads back',
}

export const controlNotice = (
  told: {
    target: ToldScan['target']
    address: string
    state: 'failing' | 'lapsed'
    method: CheckedMethod
    /** ms */
    expiresAt: number
    problem: ControlTrouble
  },
  now: number,
): EventOf<'control.failing'> => {
  const { target, address, state, method, expiresAt, problem } = told
  const day = iso(expiresAt).slice(0, 10)
  const isOver = state === 'lapsed'
  return {
    type: 'control.failing',
    version: EVENT_VERSION,
    timestamp: iso(now),
    data: {
      severity: isOver ? 'error' : 'warning',
      title: said(
        isOver
          ? `Control of ${address} is no longer proved: it is not scanned`
          : `Control of ${address} could not be proved again`,
        400,
      ),
      text: said(
        `${problem.detail} ${isOver ? `The proof ended on ${day}.` : `The proof holds until ${day}; it is looked at again every day.`} See that ${METHOD[method]}, then ask for a look: portwitness verify ${target.address} --check`,
        800,
      ),
      target: targetOf({ target }),
      address: said(address, 45),
      state,
      method,
      expiresAt: iso(expiresAt),
      problem: { code: problem.code, detail: said(problem.detail, 500) },
      links: { target: `/targets/${target.id}` },
    },
  }
}
