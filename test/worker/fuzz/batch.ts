/** What came of a batch of cases, as it is told to the process outside. */

export interface Failure {
  n: number
  why: string
  /** as it was sent, spoilt by as few changes as still fail */
  request: { method: string; path: string; headers: Record<string, string>; body: string | null }
}
export interface Batch {
  statuses: Record<number, number>
  /** cases that reached each route */
  routes: Record<string, number>
  failures: Failure[]
  slowestMs: number
}
