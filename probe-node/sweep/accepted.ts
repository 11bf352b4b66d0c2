/**
 * Ports that accepted, told when it is certain that not every port does so by now: where a host refuses, when something was
 * refused that was asked after the accept was heard. Onlookers are sent to what is told, and a honeypot has them on its list
 * for a closed port.
 */
import type { Reach } from './reach.ts'

export interface AcceptedPorts {
  /** one accepted just now, its connect having started at `startedAt` */
  heard(port: number, startedAt: number): void
  /** something was refused: tells what is certain now */
  refused(): void
  /** tells the rest, certain or not */
  tellAll(): void
  /** those that wait for a refusal */
  waiting(): ReadonlySet<number>
}

export function acceptedPorts(
  reach: Reach,
  tell: (port: number, startedAt: number, heardAt: number) => void,
): AcceptedPorts {
  const waiting = new Map<number, { startedAt: number; heardAt: number }>()
  const tellThose = (isTold: (heardAt: number) => boolean) => {
    for (const [port, { startedAt, heardAt }] of waiting) {
      if (!isTold(heardAt)) continue
      waiting.delete(port)
      tell(port, startedAt, heardAt)
    }
  }
  /** With too few refusals to ask again there is nothing to wait for. */
  const tellCertain = () => {
    const refusedAt = reach.refusedAt() ?? Number.POSITIVE_INFINITY
    tellThose((heardAt) => heardAt <= refusedAt)
  }
  return {
    heard(port, startedAt) {
      waiting.set(port, { startedAt, heardAt: performance.now() })
      tellCertain()
    },
    refused: tellCertain,
    tellAll: () => tellThose(() => true),
    waiting: () => new Set(waiting.keys()),
  }
}
