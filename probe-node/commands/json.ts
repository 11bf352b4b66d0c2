/** JSON for stdout, indented. What could steer a terminal is written as \u escapes: the same value, and safe to look at. */
export const jsonText = (value: unknown): string =>
  `${JSON.stringify(value, null, 2).replace(/[\x7f-\x9f]|[\p{Cf}\p{Zl}\p{Zp}\p{Co}]/gu, escaped)}\n`

const escaped = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('')
