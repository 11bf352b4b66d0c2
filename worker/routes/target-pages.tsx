/** Pages of targets: their list, the form that adds or changes one, and one by itself. */
import type { Context } from 'hono'
import { Hono } from 'hono'
import type { AppEnv } from '../context.ts'
import { standingFrom, subjectsOf } from '../controlView.ts'
import { Failure } from '../failure.ts'
import { tenant } from '../guards/tenant.ts'
import { HISTORY_FILE, historyOf, SITE_PORT_FILE, sitePorts } from '../portal/files.ts'
import type { ListAsk } from '../portal/parts/listing.tsx'
import { TargetPage } from '../portal/target.tsx'
import { BLANK, EditTargetPage, NewTargetPage } from '../portal/target-form.tsx'
import { FILE_COLUMNS, TargetsPage } from '../portal/targets.tsx'
import type { TargetRow, TargetView } from '../portal/views.ts'
import { readControls } from '../store/controls.ts'
import { readLetters } from '../store/letters.ts'
import { isControlState, TARGET_SORTS, type TargetAsk, type TargetListRow, targetRows } from '../store/targetList.ts'
import { readTarget } from '../store/targets.ts'
import { fileFormat, fileOf, fileOfAll, type ListRules, listAsk } from './listing.ts'
import { baseOf } from './published.ts'
import { asPage, frameOf, show } from './show.tsx'
import { readTargetView } from './target-data.ts'
import { filledOf } from './target-form.ts'
import { targetFormRoutes } from './target-forms.ts'

const PAGE = 50
/** With a filter that the database alone cannot answer, more are read than are shown. */
const LOOKED_THROUGH = 200

const RULES: ListRules = {
  sorts: TARGET_SORTS,
  filters: {
    issues: ['open', 'none'],
    schedule: ['yes', 'no'],
    control: ['not_needed', 'proved', 'failing', 'lapsed', 'unproved'],
    allowlist: ['outdated'],
    tag: null,
  },
}

export const targetPageRoutes = new Hono<AppEnv>()
  .use('/targets/*', asPage)
  .route('/', targetFormRoutes)
  .get('/targets', tenant, async (c) => {
    const ask = listAsk(c, RULES)
    const wanted = askOf(ask)
    const format = fileFormat(c)
    if (format)
      return fileOf('targets', format, FILE_COLUMNS, (cursor, limit) => readRows(c, { ...wanted, cursor }, limit))
    const [frame, { rows, next }] = await Promise.all([frameOf(c), readRows(c, wanted, PAGE)])
    return show(c, <TargetsPage frame={frame} targets={rows} ask={ask} next={next} />)
  })
  .get('/targets/new', tenant, async (c) =>
    show(c, <NewTargetPage frame={await frameOf(c)} filled={{ ...BLANK, ...typedQuery(c) }} />),
  )
  .get('/targets/:id/edit', tenant, async (c) => {
    const target = await readTarget(c.var.world.db, c.var.caller.tenantId, c.req.param('id'))
    if (!target) throw missing()
    const name = target.name ?? target.address
    return show(c, <EditTargetPage frame={await frameOf(c)} id={target.id} name={name} filled={filledOf(target)} />)
  })
  .get('/targets/:id', tenant, async (c) => {
    const [frame, target] = await Promise.all([frameOf(c), targetOf(c, c.req.param('id'))])
    return show(c, <TargetPage frame={frame} target={target} />)
  })
  .get('/targets/:id/ports', tenant, async (c) => {
    const { id, sites } = await targetOf(c, c.req.param('id'))
    const rows = sitePorts(sites)
    return fileOfAll(`${id}-ports`, fileFormat(c) ?? 'csv', SITE_PORT_FILE, rows)
  })
  .get('/targets/:id/history', tenant, async (c) => {
    const { id, strips, scans } = await targetOf(c, c.req.param('id'))
    const rows = historyOf(strips, scans)
    return fileOfAll(`${id}-history`, fileFormat(c) ?? 'csv', HISTORY_FILE, rows)
  })

async function targetOf(c: Context<AppEnv>, id: string): Promise<TargetView> {
  const target = await readTargetView(c.var.world, c.var.caller.tenantId, id, baseOf(c))
  if (!target) throw missing()
  return target
}

const missing = (): Failure => new Failure('not_found', 'There is no target with that id.')

/** A link may say for which address. */
const typedQuery = (c: Context<AppEnv>) => ({ address: (c.req.query('address') ?? '').slice(0, 253) })

function askOf({ q, sort, desc, filters, cursor }: ListAsk): TargetAsk {
  const { issues = '', schedule = '', tag = '', control = '', allowlist = '' } = filters
  return {
    ...{ q, tag, cursor, desc },
    sort: TARGET_SORTS.find((one) => one === sort) ?? 'name',
    issues: issues as TargetAsk['issues'],
    schedule: schedule as TargetAsk['schedule'],
    control: isControlState(control) ? control : '',
    allowlist: allowlist === 'outdated' ? allowlist : '',
  }
}

/** One page, each with how control of it stands; `next` is the id of the last one looked at. */
async function readRows(
  c: Context<AppEnv>,
  ask: TargetAsk,
  page: number,
): Promise<{ rows: TargetRow[]; next: string | null }> {
  const { db, now } = c.var.world
  const { tenantId } = c.var.caller
  const most = ask.control === '' ? page : Math.max(page, LOOKED_THROUGH)
  const found = await targetRows(db, tenantId, ask, most, now)
  const [rows, letterFor] = await Promise.all([
    readControls(db, tenantId, subjectsOf(found)),
    found.length === 0 ? () => null : readLetters(db, tenantId, now),
  ])
  const facts = { rows, letterFor, looking: new Set<string>() }
  const looked = found.slice(0, most).map((row) => rowOf(row, standingFrom(row, facts, now)))
  const fitting = looked.filter(({ control }) => ask.control === '' || control === ask.control)
  const shown = fitting.slice(0, page)
  const last = fitting.length > page ? shown.at(-1) : found.length > most ? looked.at(-1) : undefined
  return { rows: shown, next: last?.id ?? null }
}

const rowOf = ({ tenantId: _, resolved: __, ...row }: TargetListRow, control: TargetRow['control']): TargetRow => ({
  ...row,
  control,
})
