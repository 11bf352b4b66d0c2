/** What was said on the wire between probes and the Worker, in the order in which it was seen there. */

export interface Said {
  /** `lease`, `renew`, `alarm`, `result`, `enrol` */
  kind: string
  body: string
  /** null: no answer was seen */
  status: number | null
  answer: string
  /** places in one order of all events of the journal */
  askedAt: number
  answeredAt: number | null
}

export interface Journal {
  said: Said[]
  /** a request is under way; to be closed with what was answered */
  ask(kind: string, body: string): (status: number | null, answer: string) => void
  /** requests of this kind that were sent and are not answered */
  inTheAir(kind: string): number
}

export function openJournal(): Journal {
  const said: Said[] = []
  let clock = 0
  const air = new Map<string, number>()
  return {
    said,
    ask(kind, body) {
      const one: Said = { kind, body, status: null, answer: '', askedAt: ++clock, answeredAt: null }
      said.push(one)
      air.set(kind, (air.get(kind) ?? 0) + 1)
      return (status, answer) => {
        air.set(kind, (air.get(kind) ?? 1) - 1)
        one.status = status
        one.answer = answer
        one.answeredAt = ++clock
      }
    },
    inTheAir: (kind) => air.get(kind) ?? 0,
  }
}
