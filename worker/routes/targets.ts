import { Hono } from 'hono'
import { isPublic, networkOf, parseAddress, refusal } from '../../schema/address.ts'
import { pageOf, parseName, TargetAnswer, TargetBody, TargetChange } from '../../schema/api.ts'
import { parsePorts } from '../../schema/ports.ts'
import { ProofAnswer, ProofTokenAnswer, ProveBody } from '../../schema/proofApi.ts'
import { cancelOfTarget } from '../cancel.ts'
import type { AppEnv } from '../context.ts'
import { controlOf } from '../controlView.ts'
import { number } from '../core/text.ts'
import { cronError, nextDue } from '../cron.ts'
import { badField, Failure, tenantGone } from '../failure.ts'
import { bodyOrForm } from '../guards/limit.ts'
import { allow } from '../guards/tenant.ts'
import { MAX_RATE } from '../open.ts'
import { resultNow } from '../proofEnd.ts'
import { readTokens } from '../proofTokens.ts'
import { openProof } from '../prove.ts'
import { readEnds } from '../store/scanLines.ts'
import {
  addTarget,
  changeTarget,
  listTargets,
  readTarget,
  removeTarget,
  type Target,
  type TargetWish,
} from '../store/targets.ts'
import { mustBeTouchable, touchableNow } from '../touchable.ts'
import type { World } from '../world.ts'
import { describe, PAGE_QUERY } from './describe.ts'
import { proofAnswer } from './proofShape.ts'
import { NO_STORE } from './proofTokens.ts'
import { pageRequest, textIn } from './query.ts'
import { targetAnswer } from './shape.ts'
import { targetAsked } from './target-form.ts'

const TAG = 'Targets'
const DEFAULT_RATE = 300

export const targetRoutes = new Hono<AppEnv>()
  .post(
    '/',
    describe({ tag: TAG, does: 'Add a target', body: TargetBody, answer: TargetAnswer, status: 201 }),
    allow('write'),
    async (c) => {
      const body = await bodyOrForm(c, TargetBody, targetAsked)
      const address = canonical(c.var.world, body.address)
      const wish = wishOf(
        {
          address,
          name: body.name ?? null,
          ports: body.ports ?? 'top-1000',
          schedule: body.schedule ?? null,
          timezone: body.timezone ?? 'UTC',
          sites: body.sites ?? [],
          profile: body.profile ?? 'standard',
          maxConnectsPerSecond: body.maxConnectsPerSecond ?? DEFAULT_RATE,
          anchors: await anchorsFor(c.var.world, c.var.caller.tenantId, address, body.anchors ?? []),
          tags: body.tags ?? [],
          proofHeader: body.proofHeader ?? 'tenant',
        },
        c.var.world,
      )
      const row = await addTarget(c.var.world.db, c.var.caller.tenantId, wish, c.var.world.now)
      if (!row) throw tenantGone()
      return c.json(await answered(c.var.world, row), 201)
    },
  )
  .get(
    '/',
    describe({
      tag: TAG,
      does: 'List targets',
      answer: pageOf(TargetAnswer),
      query: { ...PAGE_QUERY, address: 'only the target with this address' },
    }),
    async (c) => {
      const { db } = c.var.world
      const asked = textIn(c, 'address', 253)
      const address = asked === undefined ? undefined : (parseAddress(asked)?.text ?? parseName(asked) ?? asked)
      const page = await listTargets(db, c.var.caller.tenantId, { address }, pageRequest(c))
      return c.json({ ...page, items: await answersOf(c.var.world, c.var.caller.tenantId, page.items) })
    },
  )
  .get('/:id', describe({ tag: TAG, does: 'Read a target', answer: TargetAnswer }), async (c) => {
    const row = await readTarget(c.var.world.db, c.var.caller.tenantId, c.req.param('id'))
    if (!row) throw noTarget()
    return c.json(await answered(c.var.world, row))
  })
  .patch(
    '/:id',
    describe({ tag: TAG, does: 'Change a target', body: TargetChange, answer: TargetAnswer }),
    allow('write'),
    async (c) => {
      const { db } = c.var.world
      const change = await bodyOrForm(c, TargetChange, targetAsked)
      const old = await readTarget(db, c.var.caller.tenantId, c.req.param('id'))
      if (!old) throw noTarget()
      const given = Object.fromEntries(
        Object.entries(change).filter(([, value]) => value !== undefined),
      ) as Partial<Target>
      if (change.anchors) given.anchors = await anchorsFor(c.var.world, old.tenantId, old.address, change.anchors)
      const wish = wishOf({ ...old, ...given }, c.var.world)
      // A schedule that stays the same keeps its due minute: nobody's change makes a scan fall out.
      const isSame = wish.schedule === old.schedule && wish.timezone === old.timezone
      const row = await changeTarget(db, c.var.caller.tenantId, old.id, {
        ...given,
        ports: wish.ports,
        ...(isSame ? {} : { nextDueAt: wish.nextDueAt }),
      })
      if (!row) throw noTarget()
      return c.json(await answered(c.var.world, row))
    },
  )
  .get(
    '/:id/proof-token',
    describe({
      tag: 'Who is knocking',
      does: 'The token of this target alone, carried when its `proofHeader` is `target`',
      answer: ProofTokenAnswer,
    }),
    allow('write'),
    async (c) => {
      const { world, caller } = c.var
      const target = await readTarget(world.db, caller.tenantId, c.req.param('id'))
      if (!target) throw noTarget()
      return c.json(await readTokens(world, caller.tenantId, target.id), 200, NO_STORE)
    },
  )
  .post(
    '/:id/prove',
    describe({
      tag: 'Proofs',
      does: 'Every address of the sites touches every known endpoint; with `stimulus` it also repeats what was interfered with',
      body: ProveBody,
      answer: ProofAnswer,
      status: 202,
    }),
    allow('write'),
    async (c) => {
      const { world, caller } = c.var
      const { sites, stimulus } = await bodyOrForm(c, ProveBody, (form) => ({
        stimulus: form.get('stimulus') === 'yes',
      }))
      const target = await readTarget(world.db, caller.tenantId, c.req.param('id'))
      if (!target) throw noTarget()
      const proof = await openProof(world, target, { sites: sites ?? null, stimulus: stimulus ?? false })
      return c.json(proofAnswer(proof, await resultNow(world, proof)), 202)
    },
  )
  .delete(
    '/:id',
    describe({ tag: TAG, does: 'Remove a target; what runs against it stops', status: 204 }),
    allow('write'),
    async (c) => {
      const { world, caller } = c.var
      const id = c.req.param('id')
      if (!(await removeTarget(world.db, caller.tenantId, id, world.now))) throw noTarget()
      await cancelOfTarget(world, caller.tenantId, id)
      return c.body(null, 204)
    },
  )

export const noTarget = (): Failure => new Failure('not_found', 'There is no target with that id.')

const answered = async (world: World, row: Target): Promise<TargetAnswer> => {
  const [answer] = await answersOf(world, row.tenantId, [row])
  return answer as TargetAnswer
}

async function answersOf(world: World, tenantId: string, rows: readonly Target[]): Promise<TargetAnswer[]> {
  const last = await readEnds(
    world.db,
    tenantId,
    rows.flatMap((row) => row.lastScanId ?? []),
  )
  const control = await controlOf(world, tenantId, rows)
  return rows.map((row) =>
    targetAnswer(row, last.get(row.lastScanId ?? '') ?? null, control.get(row.id) as TargetAnswer['control']),
  )
}

/** The address in its one spelling; what may never be touched is refused at once. */
function canonical(world: World, text: string): string {
  const address = parseAddress(text)
  if (!address) return parseName(text) ?? text
  const refused = refusal(address, { allowPrivate: world.allowPrivate })
  if (refused) throw badField(refused.code, 'address', refused.detail)
  return address.text
}

/**
 * Anchors in their one spelling. They are touched beside each verification, so what holds for a target holds for them, and
 * they stand near it: in the /24 or /48 of its address. Those of a name are held to that when it is resolved.
 */
async function anchorsFor(
  world: World,
  tenantId: string,
  target: string,
  anchors: readonly { address: string; port: number }[],
): Promise<{ address: string; port: number }[]> {
  const known = anchors.flatMap(({ address }) => parseAddress(address) ?? [])
  const touchable = known.length > 0 ? await touchableNow(world, tenantId, known) : () => null
  const near = parseAddress(target)
  return anchors.map(({ address: text, port }, i) => {
    const field = `anchors.${i}.address`
    const address = parseAddress(text)
    if (!address) throw badField('invalid', field, 'must be an IP address')
    mustBeTouchable(touchable, [address], field)
    if (near && networkOf(near) !== networkOf(address))
      throw badField('invalid', field, `must be near the target: in ${networkOf(near)}`)
    return { address: address.text, port }
  })
}

type Wished = Omit<TargetWish, 'nextDueAt'>

/** What shapes alone cannot tell: schedule and zone, the ceiling of the rate. */
function wishOf(wish: Wished, world: World): TargetWish {
  const fault = wish.schedule === null ? cronError('* * * * *', wish.timezone) : cronError(wish.schedule, wish.timezone)
  if (fault) throw badField('invalid', fault.field, fault.detail)
  const address = parseAddress(wish.address)
  const ceiling = !world.allowPrivate || (address && isPublic(address)) ? MAX_RATE.public : MAX_RATE.private
  if (wish.maxConnectsPerSecond > ceiling)
    throw badField('invalid', 'maxConnectsPerSecond', `must not be more than ${number(ceiling)}`)
  const ports = parsePorts(wish.ports)
  if ('error' in ports) throw badField('invalid', 'ports', ports.error)
  const {
    address: at,
    name,
    schedule,
    timezone,
    sites,
    profile,
    maxConnectsPerSecond,
    anchors,
    tags,
    proofHeader,
  } = wish
  const nextDueAt = schedule === null ? null : nextDue(schedule, timezone, world.now)
  return {
    address: at,
    name,
    ports: wish.ports,
    schedule,
    timezone,
    sites,
    profile,
    maxConnectsPerSecond,
    anchors,
    tags,
    proofHeader,
    nextDueAt,
  }
}
