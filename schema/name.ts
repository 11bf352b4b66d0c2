/** Host names: what may be one, and what could be read as an address and is none. */
const HOST =
  /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+(?!\d+$)(?!0x)[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/
/** A name in lower case, without a dot at the end; null for what is no name or could be read as an address. */
export function parseName(name: string): string | null {
  const lower = name.toLowerCase()
  return HOST.test(lower) ? lower : null
}
