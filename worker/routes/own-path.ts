/** Where a reader wanted to go: a page of ours with what it was asked, and never anybody else's. */
const LONGEST = 1_000

/** The path and query as they are when they are ours, else the first page. */
export const ownPath = (wanted: string | null | undefined): string =>
  wanted && wanted.length <= LONGEST && /^\/(?![/\\])[\w\-./:?&=%+,~*]*$/.test(wanted) ? wanted : '/'
