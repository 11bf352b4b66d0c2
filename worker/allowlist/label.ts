/**
 * Names that others chose, made fit to be written into any configuration: what could end a comment, a string or a line in
 * one of the formats is not in the alphabet that is left. The formats quote on top of it.
 */
const FOREIGN = /[^A-Za-z0-9 .,:()/_-]+/g
const MAX_LABEL = 60

/** `Zürich "A"\n` becomes `Zurich _A_`. At most 60 characters; never empty, never with `//`, `--` or a dash at its ends. */
export function label(text: string): string {
  const plain = text
    .slice(0, 4 * MAX_LABEL)
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(FOREIGN, '_')
    .slice(0, MAX_LABEL)
    .replace(/\/{2,}/g, '/')
    .replace(/-{2,}/g, '-')
    .replace(/ {2,}/g, ' ')
    .replace(/^[ /-]+|[ /-]+$/g, '')
  return plain === '' ? 'unnamed' : plain
}

/** A web address with nothing in it that could end a string or a comment. */
export const plainUrl = (url: string): string => url.replace(/[^A-Za-z0-9.:/_?=~[\]-]+/g, '').slice(0, 300)

/** One word for a POSIX shell. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** A string of HCL; it holds no template. */
export const hclString = (text: string): string => JSON.stringify(text).replaceAll('${', '$${').replaceAll('%{', '%%{')

/** A list of strings in HCL, one a line. */
export const hclList = (texts: readonly string[], indent: string): string =>
  texts.length === 0 ? '[]' : `[\n${texts.map((text) => `${indent}  ${hclString(text)},\n`).join('')}${indent}]`

/** A double-quoted scalar of YAML 1.2, of which JSON's strings are a part. */
export const yamlString = (text: string): string => JSON.stringify(text)
