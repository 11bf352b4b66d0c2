/** What a site last saw of a target: a whole scan anew, a retest the ports that it looked at again. */
import { endpointKey, type LastKnown, MOST_KNOWN } from '../../schema/facts.ts'

/** What is known after a retest. One that could not judge a port says nothing of it. */
export function afterRetest(
  before: LastKnown,
  { at, scanId, ports }: Pick<LastKnown, 'at' | 'scanId' | 'ports'>,
): LastKnown {
  const judged = ports.filter(({ verdict }) => verdict !== 'inconclusive')
  const all = new Map([...before.ports, ...judged].map((port) => [endpointKey(port), port]))
  return {
    ...before,
    retest: { at, scanId },
    ports: [...all.values()].slice(0, MOST_KNOWN),
  }
}
