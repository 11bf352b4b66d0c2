import { CEILING_SCOPES, type CeilingScope, type CeilingsAnswer, DEFAULT_CEILINGS } from '../../schema/ceilings.ts'
import { printable } from '../../schema/terminal.ts'
import { openApi } from './api.ts'
import { type Command, EXIT, usageError } from './command.ts'
import { jsonText } from './json.ts'
import { parse, REACH, reach, wholeNumber } from './options.ts'
import { table } from './table.ts'

const JSON_FLAG = { json: { type: 'boolean', default: false } } as const
const SPACES = ['public', 'private'] as const
const UNLIMITED = 'none'

export const ceilings: Command = {
  summary: 'how much may be sent, a second and a day',
  usage: `portwitness ceilings [show] [--json]
portwitness ceilings set SCOPE [--private] [--per-second N] [--per-day N|${UNLIMITED}]
portwitness ceilings reset [SCOPE [--private]]

  SCOPE                     ${CEILING_SCOPES.join(', ')}: one address whoever
                            names it, its /24 or /48, a tenant, all of them
  --private                 of private addresses; of public ones unless given
  --per-second N            connects a second, of all scans under way together
  --per-day N               connects in any 24 h; ${UNLIMITED}: as many as there are
  --json                    the answer as JSON
  --url U, --key K          the Worker and an operator's admin key
                            (or PORTWITNESS_URL, PORTWITNESS_KEY)

  They hold for scans that begin from now on.
`,
  async run(args) {
    const [verb = 'show', ...rest] = args
    if (verb.startsWith('--') || verb === 'show') return show(verb === 'show' ? rest : args)
    if (verb === 'set') return set(rest)
    if (verb === 'reset') return reset(rest)
    throw usageError(`there is no 'ceilings ${printable(verb, 40)}'.`)
  },
}

/** Null stands for none, in what is asked as in what is answered. */
type Change = { perSecond?: number; perDay?: number | null }
type Changes = Partial<Record<(typeof SPACES)[number], Partial<Record<CeilingScope, Change>>>>

const PATH = '/api/v1/ceilings'

async function show(args: string[]): Promise<number> {
  const { values } = parse(args, { ...REACH, ...JSON_FLAG })
  return told(await openApi(reach(values)).get<CeilingsAnswer>(PATH), values.json)
}

function told(now: CeilingsAnswer, asJson: boolean | undefined): number {
  const said = (space: (typeof SPACES)[number], scope: CeilingScope) => {
    const [{ perSecond, perDay }, usual] = [now[space][scope], DEFAULT_CEILINGS[space][scope]]
    const isUsual = perSecond === usual.perSecond && perDay === usual.perDay
    return [space, scope, grouped(perSecond), perDay === null ? UNLIMITED : grouped(perDay), isUsual ? '' : 'set']
  }
  const rows = SPACES.flatMap((space) => CEILING_SCOPES.map((scope) => said(space, scope)))
  process.stdout.write(asJson ? jsonText(now) : table(['ADDRESSES', 'SCOPE', 'A SECOND', 'A DAY', ''], rows))
  return EXIT.clear
}

const grouped = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',')

/** What differs from the defaults: an answer of the Worker as the request that would give it. */
function changesOf(now: CeilingsAnswer): Changes {
  const changes: Changes = {}
  for (const space of SPACES)
    for (const scope of CEILING_SCOPES) {
      const [is, usual] = [now[space][scope], DEFAULT_CEILINGS[space][scope]]
      const change: Change = {
        ...(is.perSecond === usual.perSecond ? {} : { perSecond: is.perSecond }),
        ...(is.perDay === usual.perDay ? {} : { perDay: is.perDay }),
      }
      if (Object.keys(change).length > 0) changes[space] = { ...changes[space], [scope]: change }
    }
  return changes
}

function scopeOf(text: string | undefined): CeilingScope {
  const scope = CEILING_SCOPES.find((one) => one === text)
  if (!scope) throw usageError(`which ceiling? One of ${CEILING_SCOPES.join(', ')}.`)
  return scope
}

async function set(args: string[]): Promise<number> {
  const options = {
    private: { type: 'boolean' },
    'per-second': { type: 'string' },
    'per-day': { type: 'string' },
  } as const
  const { values, positionals } = parse(args, { ...REACH, ...JSON_FLAG, ...options }, 1)
  const scope = scopeOf(positionals[0])
  const perSecond = wholeNumber(values['per-second'], 'per-second', 1, 10_000_000)
  const day = values['per-day']
  const perDay = day === UNLIMITED ? null : wholeNumber(day, 'per-day', 1, 1_000_000_000_000)
  if (perSecond === undefined && perDay === undefined) throw usageError('--per-second or --per-day is missing.')
  const api = openApi(reach(values))
  const changes = changesOf(await api.get<CeilingsAnswer>(PATH))
  const space = values.private ? 'private' : 'public'
  const change = {
    ...changes[space]?.[scope],
    ...(perSecond === undefined ? {} : { perSecond }),
    ...(perDay === undefined ? {} : { perDay }),
  }
  changes[space] = { ...changes[space], [scope]: change }
  return told(await api.send<CeilingsAnswer>('PUT', PATH, changes), values.json)
}

async function reset(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, { ...REACH, ...JSON_FLAG, private: { type: 'boolean' } }, 1)
  const api = openApi(reach(values))
  if (positionals.length === 0) {
    if (values.private) throw usageError(`which ceiling? One of ${CEILING_SCOPES.join(', ')}.`)
    return told(await api.send<CeilingsAnswer>('PUT', PATH, {}), values.json)
  }
  const scope = scopeOf(positionals[0])
  const space = values.private ? 'private' : 'public'
  const changes = changesOf(await api.get<CeilingsAnswer>(PATH))
  const { [scope]: _, ...others } = changes[space] ?? {}
  return told(await api.send<CeilingsAnswer>('PUT', PATH, { ...changes, [space]: others }), values.json)
}
