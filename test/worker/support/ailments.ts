/** How a database and a bucket may ail: plain words, for Node and workerd alike. */

/** What D1 says when it cannot serve (developers.cloudflare.com/d1/observability/debug-d1). */
export const D1_FAULTS = {
  overloaded: 'D1_ERROR: D1 DB is overloaded. Requests queued for too long.',
  queued: 'D1_ERROR: D1 DB is overloaded. Too many requests queued.',
  lost: 'D1_ERROR: Network connection lost.',
  updated: 'D1_ERROR: D1 DB reset because its code was updated.',
  timeout: 'D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.',
  starting: 'D1_ERROR: Internal error while starting up D1 DB storage caused object to be reset.',
  memory: 'D1_ERROR: D1 DB exceeded its memory limit and was reset.',
  cpu: 'D1_ERROR: D1 DB exceeded its CPU time limit and was reset.',
  remote: 'D1_ERROR: Cannot resolve D1 DB due to transient issue on remote node.',
} as const
export type D1Fault = keyof typeof D1_FAULTS

export interface Ailment {
  /** which share of what the database is asked fails, 0 to 1 */
  share: number
  /** `after`: it was committed, and the answer was lost */
  when: 'before' | 'after'
  says: D1Fault
}
export interface Ailments {
  db: Ailment | null
  /** which share of puts fails, and whether after having stored */
  raw: Pick<Ailment, 'share' | 'when'> | null
}
