/** A table that one can filter, sort, page through, and take along as a file; all by links and a plain form. */
import type { Child } from 'hono/jsx'
import type { Cell } from '../../core/csv.ts'
import { type Column, Table } from './table.tsx'

export interface DataColumn<Row> {
  /** its name in files and in `?sort=` */
  key: string
  name: string
  cell: (row: Row) => Child
  /** what a file says; a column without it is for people only */
  value?: (row: Row) => Cell
  /** the list can be sorted by it */
  sorts?: boolean
}

/** Columns of a file that is no list of a page, by their keys. */
export const fileColumns = <Row,>(values: Record<string, (row: Row) => Cell>): readonly DataColumn<Row>[] =>
  Object.entries(values).map(([key, value]) => ({ key, name: key, cell: () => '', value }))

/** What the address of a list asks for. Empty strings where nothing is asked. */
export interface ListAsk {
  /** path of the page */
  path: string
  /** words looked for */
  q: string
  sort: string
  desc: boolean
  /** by name of the filter */
  filters: Readonly<Record<string, string>>
  /** where the page before ended; '' on the first one */
  cursor: string
  /** the part of the page in which the list stands */
  hash?: string
}

export interface Filter {
  name: string
  label: string
  /** what nothing chosen means; “all” unless said */
  blank?: string
  /** without them it takes any word */
  options?: readonly { value: string; text: string }[]
  /** how it is asked for: by choice where there are options, else by word, unless said */
  kind?: 'date'
}

export interface ListingProps<Row> {
  label: string
  columns: readonly DataColumn<Row>[]
  rows: readonly Row[]
  ask: ListAsk
  /** the page goes on after this; null at the end */
  next: string | null
  /** what words are looked for in; without it there is no such field */
  searches?: string
  filters?: readonly Filter[]
  /** asked for by links alone: what the form keeps when it is sent */
  kept?: readonly string[]
  /** shown where there is no row and nothing was asked */
  none: Child
  /** files of it can be taken */
  files?: boolean
  /** the rows, apart from the form in which one types, are a part of this id that an island renews */
  part?: { id: string; 'data-live'?: boolean; 'data-every'?: string; 'data-fresh'?: string }
}

/** The address of the same list with something changed; a change begins at the first page again. */
export function hrefOf(ask: ListAsk, change: Partial<ListAsk> & { format?: string } = {}): string {
  const { path, q, sort, desc, filters, cursor } = { ...ask, cursor: '', ...change }
  const query = new URLSearchParams()
  if (q !== '') query.set('q', q)
  for (const [name, value] of Object.entries(filters)) if (value !== '') query.set(name, value)
  if (sort !== '') query.set('sort', desc ? `-${sort}` : sort)
  if (cursor !== '') query.set('cursor', cursor)
  if (change.format) query.set('format', change.format)
  const text = query.toString()
  const hash = ask.hash && !change.format ? `#${ask.hash}` : ''
  return (text === '' ? path : `${path}?${text}`) + hash
}

export const Listing = <Row,>(props: ListingProps<Row>) => {
  const { ask, searches, filters = [], kept = [], part } = props
  const isAsked = ask.q !== '' || Object.values(ask.filters).some((value) => value !== '')
  return (
    <>
      {(searches !== undefined || filters.length > 0) && (
        <Asking ask={ask} searches={searches} filters={filters} kept={kept} isAsked={isAsked} />
      )}
      {part ? (
        <div {...part}>
          <Found {...props} isAsked={isAsked} />
        </div>
      ) : (
        <Found {...props} isAsked={isAsked} />
      )}
    </>
  )
}

const Found = <Row,>(props: ListingProps<Row> & { isAsked: boolean }) => {
  const { label, columns, rows, ask, next, none, files = true, isAsked } = props
  return (
    <>
      {rows.length === 0 ? (
        <p class="none">
          {next !== null
            ? 'None among those looked through so far.'
            : isAsked || ask.cursor !== ''
              ? 'Nothing fits.'
              : none}
        </p>
      ) : (
        <Table
          label={label}
          columns={columns.map((column) => headOf(column, ask))}
          rows={rows.map((row) => columns.map((column) => column.cell(row)))}
        />
      )}
      {(rows.length > 0 || ask.cursor !== '' || next !== null) && (
        <div class="under">
          <span>
            {ask.cursor !== '' && <a href={hrefOf(ask)}>First page</a>}{' '}
            {next !== null && (
              <a href={hrefOf(ask, { cursor: next })} rel="next">
                {rows.length > 0 ? 'Next page' : 'Look on'}
              </a>
            )}
          </span>
          {files && (rows.length > 0 || next !== null) && (
            <span>
              Download: <a href={hrefOf(ask, { format: 'csv' })}>CSV</a>,{' '}
              <a href={hrefOf(ask, { format: 'jsonl' })}>JSON Lines</a>
            </span>
          )}
        </div>
      )}
    </>
  )
}

function headOf<Row>({ key, name, sorts }: DataColumn<Row>, ask: ListAsk): Column {
  if (!sorts) return { name, head: name }
  const isBy = ask.sort === key
  return {
    name,
    sorted: isBy ? (ask.desc ? 'descending' : 'ascending') : undefined,
    head: (
      <a href={hrefOf(ask, { sort: key, desc: isBy && !ask.desc })}>
        {name}
        {isBy && <span aria-hidden="true">{ask.desc ? ' ↓' : ' ↑'}</span>}
      </a>
    ),
  }
}

const Asking = ({
  ask,
  searches,
  filters,
  kept,
  isAsked,
}: {
  ask: ListAsk
  searches: string | undefined
  filters: readonly Filter[]
  kept: readonly string[]
  isAsked: boolean
}) => (
  <form class="bar" method="get" action={ask.path}>
    {searches !== undefined && (
      <div class="field grow">
        <label for="q">{searches}</label>
        <input id="q" name="q" type="search" value={ask.q} maxlength={100} spellcheck={false} />
      </div>
    )}
    {filters.map(({ name, label, blank = 'all', options, kind }) => (
      <div class="field">
        <label for={`by-${name}`}>{label}</label>
        {kind === 'date' ? (
          <input id={`by-${name}`} name={name} type="date" value={ask.filters[name]} />
        ) : options ? (
          <select id={`by-${name}`} name={name}>
            <option value="">{blank}</option>
            {options.map(({ value, text }) => (
              <option value={value} selected={ask.filters[name] === value}>
                {text}
              </option>
            ))}
          </select>
        ) : (
          <input id={`by-${name}`} name={name} value={ask.filters[name]} maxlength={100} spellcheck={false} />
        )}
      </div>
    ))}
    {kept.map((name) => ask.filters[name] && <input type="hidden" name={name} value={ask.filters[name]} />)}
    {ask.sort !== '' && <input type="hidden" name="sort" value={ask.desc ? `-${ask.sort}` : ask.sort} />}
    <button type="submit">Show</button>
    {isAsked && <a href={ask.path}>All again</a>}
  </form>
)
