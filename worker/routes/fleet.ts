/** Probes, beacons, the kill switch and opt-outs: the operator's. */
import { Hono } from 'hono'
import { parseAddress, parseCidr } from '../../schema/address.ts'
import {
  BeaconAnswer,
  BeaconBody,
  EnrolmentAnswer,
  EnrolmentBody,
  KillSwitchAnswer,
  KillSwitchBody,
  OptOutAnswer,
  OptOutBody,
  ProbeAnswer,
  ProbeChange,
  pageOf,
} from '../../schema/api.ts'
import { cancelInNetwork, switchAll } from '../cancel.ts'
import { type AppEnv, actorOf } from '../context.ts'
import { QUARANTINE_AT } from '../core/trust.ts'
import { badField, Failure } from '../failure.ts'
import { bodyOrForm } from '../guards/limit.ts'
import { forgetProbe } from '../guards/probe.ts'
import { allow, operator } from '../guards/tenant.ts'
import { rangeForProbe } from '../ranges.ts'
import { newToken, sha256 } from '../secrets.ts'
import { addBeacon, listBeacons, removeBeacon } from '../store/beacons.ts'
import type { Db } from '../store/db.ts'
import { addEnrolment, TOKEN_MS } from '../store/enrolments.ts'
import { OPERATOR } from '../store/keys.ts'
import { addOptOut, listOptOuts, MOST_OPT_OUTS, removeOptOut } from '../store/optOuts.ts'
import { changeProbe, hostRange, listProbes, readProbe, revokeProbe } from '../store/probes.ts'
import { noteSwitcher, readSwitch } from '../store/settings.ts'
import { letGo, lockUp } from '../trust.ts'
import { describe } from './describe.ts'
import { endpointIn, enrolmentIn, optOutIn, probeChangeIn, switchIn } from './form-bodies.ts'
import { beaconAnswer, iso, maybeIso, optOutAnswer, probeAnswer } from './shape.ts'

const TAG = 'Fleet'

export const probeFleetRoutes = new Hono<AppEnv>()
  .use(operator)
  .get('/', describe({ tag: TAG, does: 'List probes and their health', answer: pageOf(ProbeAnswer) }), async (c) => {
    const items = (await listProbes(c.var.world.db)).map((row) => probeAnswer(row, c.var.world.now))
    return c.json({ items, nextCursor: null })
  })
  .post(
    '/enrolments',
    describe({
      tag: TAG,
      does: 'Get a one-use token for the probe at this address',
      body: EnrolmentBody,
      answer: EnrolmentAnswer,
      status: 201,
    }),
    allow('admin'),
    async (c) => {
      const { db, now } = c.var.world
      const body = await bodyOrForm(c, EnrolmentBody, enrolmentIn)
      const address = parseAddress(body.sourceAddress)
      if (!address) throw badField('invalid', 'sourceAddress', 'must be an IP address')
      const token = newToken('pwe')
      const { site, country = null, provider = null, asn = null, rangeActive = false } = body
      const sourceAddress = address.text
      const expiresAt = now + TOKEN_MS
      const hash = await sha256(token)
      const enrolment = { hash, site, sourceAddress, country, provider, asn, createdAt: now, expiresAt }
      const range = await rangeForProbe(
        db,
        { by: c.var.caller.keyId, now },
        { address, site, country, provider, rangeActive },
        () => [addEnrolment(db, enrolment)],
      )
      const { cidr, state, activeFrom } = range
      const told = { cidr, state, activeFrom: iso(activeFrom) }
      return c.json({ token, site, sourceAddress, expiresAt: iso(expiresAt), range: told }, 201)
    },
  )
  .get('/:id', describe({ tag: TAG, does: 'Read a probe', answer: ProbeAnswer }), async (c) => {
    const row = (await listProbes(c.var.world.db)).find((probe) => probe.id === c.req.param('id'))
    if (!row) throw none('probe')
    return c.json(probeAnswer(row, c.var.world.now))
  })
  .patch(
    '/:id',
    describe({
      tag: TAG,
      does: 'Change a probe; `drained` gives it no new work',
      body: ProbeChange,
      answer: ProbeAnswer,
    }),
    allow('admin'),
    async (c) => {
      const { drained, quarantined, ...rest } = await bodyOrForm(c, ProbeChange, probeChangeIn)
      const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
      const change = { ...given, ...(drained === undefined ? {} : { drainedAt: drained ? c.var.world.now : null }) }
      const id = c.req.param('id')
      if (!(await changeProbe(c.var.world.db, id, change))) throw none('probe')
      if (quarantined === true) await lockUp(c.var.world, id, 'The operator does not believe it.', QUARANTINE_AT)
      if (quarantined === false) await letGo(c.var.world, id)
      const row = await readProbe(c.var.world.db, id)
      if (!row) throw none('probe')
      return c.json(probeAnswer(row, c.var.world.now))
    },
  )
  .delete('/:id', describe({ tag: TAG, does: 'Revoke a probe', status: 204 }), allow('admin'), async (c) => {
    const id = c.req.param('id')
    if (!(await revokeProbe(c.var.world.db, id, c.var.world.now))) throw none('probe')
    forgetProbe(id)
    return c.body(null, 204)
  })

export const beaconRoutes = new Hono<AppEnv>()
  .use(operator)
  .get('/', describe({ tag: TAG, does: 'List beacons', answer: pageOf(BeaconAnswer) }), async (c) =>
    c.json({ items: (await listBeacons(c.var.world.db)).map(beaconAnswer), nextCursor: null }),
  )
  .post(
    '/',
    describe({ tag: TAG, does: 'Add a beacon', body: BeaconBody, answer: BeaconAnswer, status: 201 }),
    allow('admin'),
    async (c) => {
      const { address, port } = await bodyOrForm(c, BeaconBody, endpointIn)
      const canonical = parseAddress(address)?.text ?? address
      return c.json(beaconAnswer(await addBeacon(c.var.world.db, { address: canonical, port }, c.var.world.now)), 201)
    },
  )
  .delete('/:id', describe({ tag: TAG, does: 'Remove a beacon', status: 204 }), allow('admin'), async (c) => {
    if (!(await removeBeacon(c.var.world.db, c.req.param('id')))) throw none('beacon')
    return c.body(null, 204)
  })

/** Whether it is on concerns every tenant: their scans wait for it. */
export const killSwitchRoutes = new Hono<AppEnv>()
  .get('/', describe({ tag: TAG, does: 'Whether all scanning is stopped', answer: KillSwitchAnswer }), async (c) =>
    c.json(await switchNow(c.var.world.db, c.var.caller.tenantId === OPERATOR)),
  )
  .put(
    '/',
    describe({
      tag: TAG,
      does: 'Stop all scanning within 20 s, or let it go on',
      body: KillSwitchBody,
      answer: KillSwitchAnswer,
    }),
    operator,
    allow('admin'),
    async (c) => {
      const { stopped } = await bodyOrForm(c, KillSwitchBody, switchIn)
      await switchAll(c.var.world, stopped)
      await noteSwitcher(c.var.world.db, actorOf(c.var.caller), c.var.world.now)
      return c.json({ stopped })
    },
  )

async function switchNow(db: Db, isOperator: boolean): Promise<KillSwitchAnswer> {
  const { stopped, since, by } = await readSwitch(db)
  return { stopped, since: maybeIso(since), ...(isOperator ? { by } : {}) }
}

export const optOutRoutes = new Hono<AppEnv>()
  .use(operator)
  .get(
    '/',
    describe({ tag: TAG, does: 'List networks that are not scanned', answer: pageOf(OptOutAnswer) }),
    async (c) => c.json({ items: (await listOptOuts(c.var.world.db)).map(optOutAnswer), nextCursor: null }),
  )
  .post(
    '/',
    describe({
      tag: TAG,
      does: 'Never scan this network; what runs there stops',
      body: OptOutBody,
      answer: OptOutAnswer,
      status: 201,
    }),
    allow('admin'),
    async (c) => {
      const { cidr, note } = await bodyOrForm(c, OptOutBody, optOutIn)
      const network = parseCidr(cidr)?.text ?? hostRange(parseAddress(cidr)?.text ?? cidr)
      const row = await addOptOut(c.var.world.db, network, note ?? null, c.var.world.now)
      if (!row)
        throw new Failure(
          'conflict',
          `There are ${MOST_OPT_OUTS} opt-outs already, as many as there may be: join some into wider networks, then add this one.`,
        )
      await cancelInNetwork(c.var.world, network)
      return c.json(optOutAnswer(row), 201)
    },
  )
  .delete('/:id', describe({ tag: TAG, does: 'Lift an opt-out', status: 204 }), allow('admin'), async (c) => {
    if (!(await removeOptOut(c.var.world.db, c.req.param('id')))) throw none('opt-out')
    return c.body(null, 204)
  })

const none = (noun: string): Failure => new Failure('not_found', `There is no ${noun} with that id.`)
