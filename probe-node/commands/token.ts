import type { TargetAnswer } from '../../schema/api.ts'
import type { ProofTokenAnswer } from '../../schema/proofApi.ts'
import { printable } from '../../schema/terminal.ts'
import { openApi } from './api.ts'
import { type Command, CommandFailure, EXIT } from './command.ts'
import { jsonText } from './json.ts'
import { parse, REACH, reach, wholeNumber } from './options.ts'

const OPTIONS = {
  ...REACH,
  target: { type: 'string' },
  rotate: { type: 'boolean', default: false },
  overlap: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

export const token: Command = {
  summary: 'show the proof token that your scans carry; --rotate makes new ones',
  usage: `portwitness token [--target ADDRESS] [--rotate [--overlap S]] [--json]

  Our ranges are shared: a defence that also asks for your token lets nobody
  else in. It comes in the header Portwitness-Proof.

  --target ADDRESS          the token of this target alone, carried when its
                            proofHeader is 'target'
  --rotate                  make the tokens that follow. The old ones are
                            carried until then: allow both meanwhile
  --overlap S               seconds until then (default: 7 days)
  --url U, --key K          the Worker and a key
                            (or PORTWITNESS_URL, PORTWITNESS_KEY)
`,
  async run(args) {
    const { values } = parse(args, OPTIONS)
    const overlapSeconds = wholeNumber(values.overlap, 'overlap', 0, 7_776_000)
    const api = openApi(reach(values))
    if (values.rotate) await api.send('POST', '/api/v1/proof-token/rotate', { overlapSeconds })
    const path = values.target === undefined ? '/api/v1' : `/api/v1/targets/${await targetOf(values.target)}`
    const { header, token: current, usedFrom, next } = await api.get<ProofTokenAnswer>(`${path}/proof-token`)
    if (values.json) process.stdout.write(jsonText({ header, token: current, usedFrom, next }))
    else {
      process.stdout.write(`${header}: ${current}\n`)
      if (next) process.stdout.write(`${header}: ${next.token}  from ${next.usedFrom} on\n`)
    }
    return EXIT.clear

    async function targetOf(address: string): Promise<string> {
      const query = new URLSearchParams({ address })
      const { items } = await api.get<{ items: TargetAnswer[] }>(`/api/v1/targets?${query}`)
      if (items[0]) return items[0].id
      throw new CommandFailure(EXIT.refused, `Refused: ${printable(address, 253)} is no target.`)
    }
  },
}
