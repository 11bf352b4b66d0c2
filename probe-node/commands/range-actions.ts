/** What `portwitness ranges` can do, one function each. */
import { parseCidr } from '../../schema/address.ts'
import { readCidr } from '../../schema/cidr.ts'
import type { CheckAnswer, RangeAnswer, RangeChangeAnswer } from '../../schema/ranges.ts'
import { printable } from '../../schema/terminal.ts'
import { RANGE_PURPOSES } from '../../schema/words.ts'
import type { Api } from './api.ts'
import { EXIT, usageError } from './command.ts'
import { jsonText } from './json.ts'
import { needed, REACH } from './options.ts'
import { table } from './table.ts'

export const OPTIONS = {
  ...REACH,
  format: { type: 'string' },
  json: { type: 'boolean', default: false },
  site: { type: 'string' },
  country: { type: 'string' },
  provider: { type: 'string' },
  purpose: { type: 'string' },
  'active-from': { type: 'string' },
  after: { type: 'string' },
  'skip-notice': { type: 'boolean', default: false },
} as const
export interface Values {
  json: boolean
  site?: string
  country?: string
  provider?: string
  purpose?: string
  'active-from'?: string
  after?: string
  'skip-notice': boolean
}

const day = (iso: string | null): string => iso?.slice(0, 10) ?? ''

export async function listRanges(api: Api, json: boolean): Promise<number> {
  const { items } = await api.get<{ items: RangeAnswer[] }>('/api/v1/ranges')
  if (json) process.stdout.write(jsonText(items))
  else if (items.length === 0) {
    process.stdout.write('No ranges.\n')
    process.stderr.write('Private ranges are never published.\n')
  } else
    process.stdout.write(
      table(
        ['RANGE', 'SITE', 'CC', 'PURPOSE', 'STATE', 'FROM', 'UNTIL', 'PUBLISHED', 'ID'],
        items.map((it) => [
          ...[it.cidr, it.site, it.country, it.purpose, it.state, day(it.activeFrom), day(it.retireAfter)],
          ...[it.published ? 'yes' : 'no', it.id],
        ]),
      ),
    )
  return EXIT.clear
}

export async function checkRange(api: Api, address: string, json: boolean): Promise<number> {
  const answer = await api.get<CheckAnswer>(`/ip-ranges/check?address=${encodeURIComponent(address)}`)
  process.stdout.write(json ? jsonText(answer) : `${printable(answer.detail, 300)}\n`)
  return answer.ours ? EXIT.clear : EXIT.failed
}

export async function showLog(api: Api, json: boolean): Promise<number> {
  const { items } = await api.get<{ items: RangeChangeAnswer[] }>('/api/v1/ranges/changes?limit=200')
  if (json) process.stdout.write(jsonText(items))
  else if (items.length === 0) process.stdout.write('No range was ever changed.\n')
  else
    process.stdout.write(
      table(
        ['SERIAL', 'AT', 'RANGE', 'SITE', 'BECAME', 'BY'],
        items.map((it) => [it.serial, `${it.at.slice(0, 19)}Z`, it.range.cidr, it.range.site, it.deed, it.by]),
      ),
    )
  return EXIT.clear
}

export async function announceRange(api: Api, _action: string, cidr: string, values: Values): Promise<number> {
  const read = readCidr(cidr)
  if ('error' in read) throw usageError(`'${printable(cidr, 60)}' ${read.error}.`)
  if (values.after !== undefined) throw usageError('--after goes with retire only.')
  if (values.purpose !== undefined && !RANGE_PURPOSES.some((one) => one === values.purpose))
    throw usageError(`--purpose must be one of ${RANGE_PURPOSES.join(', ')}.`)
  return told(
    await api.send<RangeAnswer>('POST', '/api/v1/ranges', {
      cidr,
      site: needed(values.site, 'site'),
      country: values.country,
      provider: values.provider,
      purpose: values.purpose,
      activeFrom: time(values['active-from'], 'active-from'),
      skipNotice: values['skip-notice'] || undefined,
    }),
    values,
  )
}

export async function moveRange(api: Api, action: string, subject: string, values: Values): Promise<number> {
  if (values.after !== undefined && action !== 'retire') throw usageError('--after goes with retire only.')
  const range = await named(api, subject)
  // What was announced and never used has nothing to retire from.
  const state =
    action === 'activate' ? 'active' : action === 'end' || range.state === 'announced' ? 'retired' : 'retiring'
  return told(
    await api.send<RangeAnswer>('PATCH', `/api/v1/ranges/${range.id}`, {
      state,
      retireAfter: state === 'retiring' ? time(values.after, 'after') : undefined,
      skipNotice: values['skip-notice'] || undefined,
    }),
    values,
  )
}

/** The range with this id, or with this network. */
async function named(api: Api, subject: string): Promise<RangeAnswer> {
  if (/^rng_[A-Za-z0-9]{10,40}$/.test(subject)) return api.get<RangeAnswer>(`/api/v1/ranges/${subject}`)
  const read = readCidr(subject)
  const cidr = 'cidr' in read ? read.cidr.text : parseCidr(subject)?.text
  if (cidr === undefined) throw usageError(`'${printable(subject, 60)}' is neither a range's id nor a network.`)
  const { items } = await api.get<{ items: RangeAnswer[] }>('/api/v1/ranges')
  const range = items.find((one) => one.cidr === cidr)
  if (!range) throw usageError(`There is no range ${cidr}. See: portwitness ranges.`)
  return range
}

function told(range: RangeAnswer, { json }: Values): number {
  process.stdout.write(json ? jsonText(range) : `${sentence(range)}\n`)
  return EXIT.clear
}

function sentence({ cidr, site, state, activeFrom, retireAfter, published }: RangeAnswer): string {
  const where = `${cidr} at ${site} is ${state}`
  const hidden = published || state === 'retired' ? '' : ' It is private and never published.'
  if (state === 'announced') return `${where}: probes scan from it from ${day(activeFrom)} on.${hidden}`
  if (state === 'retiring') return `${where}: probes scan from it until ${day(retireAfter)}.${hidden}`
  return `${where}.${hidden}`
}

/** A day is its first moment in UTC. */
function time(text: string | undefined, name: string): string | undefined {
  if (text === undefined) return undefined
  const isShaped = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text)
  const at = isShaped ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at)) throw usageError(`--${name} must be a day such as 2026-12-28, or a full ISO 8601 time.`)
  return new Date(at).toISOString()
}
