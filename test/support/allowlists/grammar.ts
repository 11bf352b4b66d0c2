/** What the readers of allowlists share: networks back out of text, and addresses as spans of numbers. */
import { boundsOf, type Family, parseAddress, parseCidr } from '../../../schema/address.ts'

/** What a text means: the networks it lets through, and how many directives it has. */
export interface Meaning {
  networks: string[]
  directives: number
}
export type Reader = (text: string) => Meaning | Promise<Meaning>

/** A network as this format writes it; throws on what is none. */
export function network(text: string): string {
  const address = parseAddress(text)
  if (address) return `${address.text}/${address.family === 4 ? 32 : 128}`
  const cidr = parseCidr(text)
  if (!cidr) throw new Error(`not a network: ${text}`)
  return cidr.text
}
export const familyOf = (text: string): Family => (text.includes(':') ? 6 : 4)

/** Lines without those that are comments by this mark, and without empty ones. */
export const linesOf = (text: string, comment: RegExp | null = /^\s*#/): string[] =>
  text.split('\n').filter((line) => line.trim() !== '' && !(comment?.test(line) ?? false))

/** The parts of a line; throws when it is not of this form. */
export function parts(line: string, form: RegExp): string[] {
  const found = form.exec(line)
  if (!found) throw new Error(`${JSON.stringify(line)} is not ${form}`)
  return found.slice(1)
}

/** Each line is one network in this form; its first group holds it. */
export const byLine =
  (form: RegExp, comment: RegExp | null = /^\s*#/): Reader =>
  (text) => {
    const lines = linesOf(text, comment)
    return { networks: lines.map((line) => network(parts(line, form)[0] ?? '')), directives: lines.length }
  }

/** A fixed frame of lines around repeated ones: each line must match one of these forms. The first group is a network. */
export const byForms =
  (forms: readonly RegExp[], comment: RegExp | null = /^\s*#/): Reader =>
  (text) => {
    const lines = linesOf(text, comment)
    const networks = lines.flatMap((line) => {
      const found = forms.map((form) => form.exec(line)).find((each) => each !== null)
      if (!found) throw new Error(`no form fits ${JSON.stringify(line)}`)
      return found[1] === undefined ? [] : [network(found[1])]
    })
    return { networks, directives: lines.length }
  }

/** The addresses of networks as merged spans: equal texts mean equal sets. */
export function spansOf(networks: readonly string[]): string[] {
  const spans = networks
    .map((text) => {
      const cidr = parseCidr(text)
      if (!cidr) throw new Error(`not a network: ${text}`)
      return { family: cidr.family, ...boundsOf(cidr) }
    })
    .sort((a, b) => a.family - b.family || (a.first < b.first ? -1 : a.first > b.first ? 1 : 0))
  const merged: typeof spans = []
  for (const span of spans) {
    const last = merged.at(-1)
    if (last && last.family === span.family && span.first <= last.last + 1n) {
      if (span.last > last.last) last.last = span.last
    } else merged.push({ ...span })
  }
  return merged.map(({ family, first, last }) => `${family} ${first}-${last}`)
}
