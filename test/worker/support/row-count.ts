export interface RowCount {
  read: number
  written: number
  /** rows written by what writes them, such as `INSERT facts` */
  by: Record<string, number>
}

/** A statement as it was asked. */
export interface Asked {
  sql: string
  values: unknown[]
}
