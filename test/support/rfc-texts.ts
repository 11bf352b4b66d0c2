/** Readers of the texts by which a scanner says who it is, written from the RFCs' grammar and from nothing of ours. */

export interface Field {
  name: string
  value: string
}

// RFC 9116, section 6:  line = [ (field / comment) ] eol;  eol = *WSP [CR] LF;  comment = "#" *(WSP / VCHAR / %x80-FFFFF)
const LINE =
  /^(?:(?<comment>#[\t\x20-\x7e\u0080-\u{fffff}]*)|(?<name>[\x21-\x39\x3b-\x7e]+): (?<value>\S.*?))?[ \t]*\r?$/u
// RFC 3339 date-time, as RFC 9116 asks of Expires.
const DATE_TIME = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/
const LANGUAGE_TAG = /^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$/
const URI = /^[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+$/
const WEB: readonly string[] = ['Canonical', 'Acknowledgments', 'Encryption', 'Hiring', 'Policy']

/** Every fault of a security.txt (RFC 9116); none means that it is valid at `now`. */
export function securityTxtFaults(text: string, now: number): string[] {
  const { fields, faults } = fieldsOf(text)
  const values = (name: string) =>
    fields.filter((one) => one.name.toLowerCase() === name.toLowerCase()).map(({ value }) => value)
  if (values('Contact').length === 0) faults.push('Contact is missing (2.5.3)')
  for (const uri of [...values('Contact'), ...WEB.flatMap(values)]) {
    if (!URI.test(uri)) faults.push(`${uri} is not a URI`)
    if (/^http:/i.test(uri)) faults.push(`${uri} must begin with https (2.5)`)
  }
  for (const uri of values('Contact'))
    if (!/^(mailto|https|tel):/i.test(uri)) faults.push(`Contact ${uri} is no mailto, https or tel`)
  const expires = values('Expires')
  if (expires.length !== 1) faults.push(`Expires must be there once (2.5.5), not ${expires.length} times`)
  for (const value of expires) {
    if (!DATE_TIME.test(value)) faults.push(`Expires ${value} is no RFC 3339 time`)
    if (!(Date.parse(value) > now)) faults.push('it has expired')
    if (Date.parse(value) - now >= 365 * 86_400_000) faults.push('Expires should be less than a year ahead')
  }
  const languages = values('Preferred-Languages')
  if (languages.length > 1) faults.push('Preferred-Languages may be there once (2.5.8)')
  for (const tag of languages.flatMap((value) => value.split(',')))
    if (!LANGUAGE_TAG.test(tag.trim())) faults.push(`${tag} is no language tag`)
  return faults
}

/** The same for a probing.txt (RFC 9511, 2.2): the same form, with Canonical, and Description of one line. */
export function probingTxtFaults(text: string, now: number): string[] {
  const { fields } = fieldsOf(text)
  const faults = securityTxtFaults(text, now)
  for (const name of ['Canonical', 'Description'])
    if (!fields.some((one) => one.name === name)) faults.push(`${name} is missing`)
  if (fields.filter(({ name }) => name === 'Description').length > 1) faults.push('Description is one line')
  for (const { name, value } of fields)
    if (name === 'Canonical' && !value.endsWith('/.well-known/probing.txt'))
      faults.push(`${value} is not where it is served`)
  return faults
}

function fieldsOf(text: string): { fields: Field[]; faults: string[] } {
  const faults: string[] = []
  if (!text.endsWith('\n')) faults.push('the last line has no end')
  const fields = text
    .replace(/\n$/, '')
    .split('\n')
    .flatMap((line, i) => {
      const { name, value } = LINE.exec(line)?.groups ?? {}
      if (!LINE.test(line)) faults.push(`line ${i + 1} is neither field nor comment: ${line}`)
      return name !== undefined && value !== undefined ? [{ name, value }] : []
    })
  return { fields, faults }
}

/** Every fault of a geofeed (RFC 8805, 2.1): prefix, country, region, city, postal code; comments begin with #. */
export function geofeedFaults(text: string): string[] {
  const faults: string[] = []
  const seen = new Set<string>()
  for (const [i, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.replace(/#.*$/, '').trim()
    if (line === '') continue
    const fault = (what: string) => faults.push(`line ${i + 1}: ${what}`)
    const [prefix = '', country = '', region = '', ...rest] = line.split(',')
    if (rest.length !== 2) fault(`has ${line.split(',').length} fields, not 5`)
    if (!isPrefix(prefix)) fault(`${prefix} is no prefix`)
    if (seen.has(prefix)) fault(`${prefix} is there twice`)
    seen.add(prefix)
    if (!/^([A-Z]{2})?$/.test(country)) fault(`${country} is no ISO 3166-1 alpha-2 code`)
    if (!/^([A-Z]{2}-[A-Z0-9]{1,3})?$/.test(region)) fault(`${region} is no ISO 3166-2 code`)
    if (region !== '' && !region.startsWith(`${country}-`)) fault(`${region} is not in ${country}`)
  }
  return faults
}

/** Canonical, and with no bit set beyond its length; read by URL, which knows addresses by itself. */
function isPrefix(text: string): boolean {
  const [, address = '', length = ''] = /^([0-9a-f.:]+)\/(\d{1,3})$/.exec(text) ?? []
  const isSix = address.includes(':')
  const host = isSix ? `[${address}]` : address
  if (!URL.canParse(`http://${host}/`) || new URL(`http://${host}/`).hostname !== host) return false
  const width = isSix ? 128 : 32
  return Number(length) <= width && /^0*$/.test(bitsOf(address).slice(Number(length)))
}

function bitsOf(address: string): string {
  const binary = (digits: string, base: number, width: number) =>
    Number.parseInt(digits, base).toString(2).padStart(width, '0')
  if (!address.includes(':'))
    return address
      .split('.')
      .map((part) => binary(part, 10, 8))
      .join('')
  const [head = '', tail] = address.split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':'))
  const back = tail === undefined ? [] : groups(tail)
  const zeros = Array<string>(8 - groups(head).length - back.length).fill('0')
  return [...groups(head), ...zeros, ...back].map((group) => binary(group, 16, 16)).join('')
}
