/** Where a reader is, and is led back to after sign-in or a switch of themes: a page of ours, never anybody else's. */

/** Characters of a query that is led back to. */
const MOST_QUERY = 1_000
/** As `queryOf` writes a query: no fragment, no backslash, no second slash at the front. */
const OURS = /^\/(?![/\\])[\w\-./:]*(?:\?[\w\-.*+&=%]*)?$/

/** What was asked of a page, without the word that is said once; '' where it is too long. */
export function queryOf(url: string): string {
  const asked = new URL(url).searchParams
  asked.delete('done')
  const query = asked.toString()
  return query === '' || query.length > MOST_QUERY ? '' : `?${query}`
}

/** The path and query as they are when they are ours, else the first page. */
export const ownPath = (wanted: string | null | undefined): string => (wanted && OURS.test(wanted) ? wanted : '/')
