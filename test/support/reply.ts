/** What an unruly receiver is told to answer, and what it says that it got: plain data, for Node and workerd alike. */
export interface Reply {
  status?: number
  headers?: Record<string, string>
  body?: string
  /** takes the connection and says nothing */
  hangs?: boolean
  /** cuts the connection; `after` taking the message all the same: the sender cannot know */
  resets?: 'before' | 'after'
  /** takes the message, and then answers as `status` says */
  lies?: boolean
  /** says no, whatever the status */
  refuses?: boolean
  /** a body without end */
  floods?: boolean
  /** waits so long before it answers */
  afterMs?: number
}
export interface Received {
  at: number
  method: string
  path: string
  headers: Record<string, string>
  body: string
  /** taken by the receiver: a reader sees it */
  taken: boolean
  status: number | null
}
