/** Proof of control: asked for, looked at, and told (docs/control.md). The end of a look over HTTP is in controlEnd.ts. */
import { sql } from 'drizzle-orm'
import { type Address, isPublic, networkOf, parseAddress } from '../schema/address.ts'
import {
  CONTROL_LABEL,
  type ControlAsk,
  type ControlTrouble,
  isControlPort,
  type VerificationBody,
} from '../schema/control.ts'
import { parseName } from '../schema/name.ts'
import { type ControlPlan, LIMITS } from '../schema/wire.ts'
import { newScan } from './ask.ts'
import { afterLook, chooseLookers, namesInside, reverseName } from './core/control.ts'
import { RESTED_MS } from './core/panel.ts'
import { badField, Failure } from './failure.ts'
import { withinCeilings } from './open.ts'
import { hex, luck } from './secrets.ts'
import {
  CONTROL_LANE,
  type Control,
  hasLooksLeft,
  looksLeft,
  MOST_SUBJECTS,
  noteAsked,
  noteFound,
  readControls,
  wishControls,
} from './store/controls.ts'
import { batch, changed, isTaken, type SQL, type Statement } from './store/db.ts'
import { readPanelFacts } from './store/probes.ts'
import { addRuns, type NewRun, runIdOf } from './store/runs.ts'
import { addScan, hasBegun, type Scan } from './store/scans.ts'
import { isStopped } from './store/settings.ts'
import type { Target } from './store/targets.ts'
import { knockableNow, knockingNow, mustBeTouchable } from './touchable.ts'
import { whereNow } from './where.ts'
import type { World } from './world.ts'

const HTTP_PORT = 80
const FETCH_TIMEOUT_MS = 10_000
/** Between two looks that somebody asks for: one GET each, but at somebody's host. */
const GAP_MS = 20_000
const HOUR_MS = 3_600_000
/** Of one tenant: enough to prove a site of machines in a day, too few to search a network. */
const LOOKED_AT_PER_HOUR = 60
/** A look that nobody came for by then is over; cron begins another no sooner than this. */
const LOOK_MS = 120_000
const CLAIM_MS = 3_600_000
const TOKEN_BYTES = 20

const newControlToken = (): string => `portwitness-verification=${hex(luck(TOKEN_BYTES))}`

/** Writes down how control of the target's addresses is to be proved. What they were told to serve before stays good. */
export async function wishVerification(world: World, target: Target, body: VerificationBody): Promise<void> {
  const addresses = await whereNow(world, target)
  mustBeTouchable(await knockableNow(world), addresses, 'address')
  const { method, port, domain } = wishOf(body, addresses)
  const { db, now } = world
  const of = { tenantId: target.tenantId, targetId: target.id }
  const wishes = [
    ...addresses.map(({ text }) => ({ ...of, subject: text, method, port, domain, token: newControlToken() })),
    ...(domain === null
      ? []
      : [{ ...of, subject: domain, method: null, port: null, domain: null, token: newControlToken() }]),
  ]
  const written = await batch(db, wishControls(db, target, wishes, now))
  if (changed(written.at(-1)) === 0)
    throw new Failure(
      'conflict',
      `This target asked for ${MOST_SUBJECTS} addresses and domains already, as many as one may: what was not proved in 30 days makes room.`,
    )
}

function wishOf(body: VerificationBody, addresses: readonly Address[]): Pick<Control, 'method' | 'port' | 'domain'> {
  const method = body.method ?? (body.domain === undefined ? 'http' : 'reverse_dns')
  if (method === 'http') {
    if (body.domain !== undefined) throw badField('invalid', 'domain', 'goes with method reverse_dns')
    const port = body.port ?? HTTP_PORT
    if (!addresses.every((address) => isControlPort(address, port)))
      throw badField('invalid', 'port', 'must be 80 or 443')
    return { method, port, domain: null }
  }
  if (body.port !== undefined) throw badField('invalid', 'port', 'goes with method http')
  const domain = parseName(body.domain ?? '')
  if (domain === null)
    throw badField('invalid', 'domain', 'is needed: the domain that holds the names of the addresses')
  return { method, port: null, domain }
}

/** Looks at every address of the target now. What probes fetch comes in later. */
export async function checkVerification(world: World, target: Target): Promise<void> {
  const { db, now } = world
  if (await isStopped(db)) throw new Failure('scanning_stopped', 'All scanning is stopped by the kill switch.')
  const addresses = await whereNow(world, target)
  mustBeTouchable(await knockableNow(world), addresses, 'address')
  const rows = await readControls(
    db,
    target.tenantId,
    addresses.map(({ text }) => text),
  )
  const missing = addresses.find(({ text }) => !rows.has(text))
  if (missing)
    throw new Failure(
      'conflict',
      `How control of ${missing.text} is to be proved was not said yet: POST …/verification first.`,
    )
  const all = [...rows.values()]
  if (all.some(({ askedAt }) => askedAt !== null && askedAt > now - GAP_MS))
    throw new Failure('too_soon', `It was looked at a moment ago. Once in ${GAP_MS / 1_000} s is enough.`)
  await lookAt(world, target, all)
}

/** Begins a look at these rows of one target. By reverse DNS it ends here and now. */
export async function lookAt(world: World, target: Target, rows: readonly Control[]): Promise<void> {
  const byHttp = rows.filter(({ method }) => method === 'http')
  if (byHttp.length > 0) await fetchFrom(world, target, byHttp)
  const byName = rows.filter(({ method }) => method === 'reverse_dns')
  if (byName.length === 0) return
  await batch(world.db, [asked(world, target, byName)])
  for (const row of byName) await lookByName(world, row)
}

/** A look begins; where `guard` holds, in the batch that makes its runs. */
const asked = ({ db, now }: World, { tenantId }: Target, rows: readonly Control[], guard?: SQL): Statement =>
  noteAsked(
    db,
    tenantId,
    rows.map(({ subject }) => subject),
    now + CLAIM_MS,
    now,
    guard,
  )

// ---------------------------------------------------------------- reverse DNS

async function lookByName(world: World, row: Control): Promise<void> {
  const { db, now } = world
  const { tenantId, subject } = row
  const domain = row.domain ?? ''
  const domainRow = (await readControls(db, tenantId, [domain])).get(domain)
  const trouble = await namedTrouble(world, subject, domain, domainRow?.token ?? '').catch(unanswered)
  const isDomainProved = trouble?.code !== 'txt_missing' && trouble?.code !== 'dns_unanswered'
  await batch(db, [
    noteFound(db, tenantId, subject, afterLook(row, trouble, now), now),
    ...(domainRow && isDomainProved
      ? [noteFound(db, tenantId, domain, { ...afterLook(domainRow, null, now), nextAt: null }, now)]
      : []),
  ])
}

const unanswered = (error: unknown): ControlTrouble => {
  if (!(error instanceof Failure)) throw error
  return { code: 'dns_unanswered', detail: 'The name servers did not answer.' }
}

/** Null when the domain is the tenant's, the address is named inside it, and that name leads back. */
async function namedTrouble(
  world: World,
  subject: string,
  domain: string,
  token: string,
): Promise<ControlTrouble | null> {
  const address = parseAddress(subject)
  if (!address || token === '') return { code: 'txt_missing', detail: 'No domain was named.' }
  const txt = await world.records(`${CONTROL_LABEL}.${domain}`, 'TXT')
  const ptr = await world.records(reverseName(address), 'PTR')
  const named = namesInside(address, domain, token, { txt, ptr })
  if ('trouble' in named) return named.trouble
  for (const name of named.names) {
    const forward = await world.resolve(name).catch(() => [])
    if (forward.some(({ text }) => text === address.text)) return null
  }
  return {
    code: 'ptr_unconfirmed',
    detail: `${address.text} is called ${named.names.join(', ')}, but no such name leads back to it.`,
  }
}

// ---------------------------------------------------------------- over HTTP

/** Makes the runs of a look in one batch. Where no probe can look that is what was found. */
async function fetchFrom(world: World, target: Target, rows: readonly Control[]): Promise<void> {
  const { db, now } = world
  const wanted = rows.flatMap((row) => {
    const address = parseAddress(row.subject)
    return address ? [{ row, address, port: row.port ?? HTTP_PORT }] : []
  })
  const needsPrivate = wanted.some(({ address }) => !isPublic(address))
  const probes = await readPanelFacts(db, [], now, RESTED_MS)
  const lookers = ([4, 6] as const).flatMap((family) => {
    const theirs = wanted.filter(({ address }) => address.family === family).slice(0, LIMITS.addressesPerScan)
    return theirs.length === 0
      ? []
      : chooseLookers(probes, { family, needsPrivate }).map((probe) => ({ probe, theirs }))
  })
  const seen = new Set(lookers.flatMap(({ theirs }) => theirs.map(({ row }) => row.subject)))
  const unseen = rows.filter(({ subject }) => !seen.has(subject)).map((row) => noProbe(world, row))
  const [first] = lookers
  if (!first) {
    await batch(db, [asked(world, target, rows), ...unseen])
    return
  }
  const fetches = wanted
    .filter(({ row }) => seen.has(row.subject))
    .map(({ address, port }) => ({ address: address.text, port }))
  const addresses = wanted.filter(({ row }) => seen.has(row.subject)).map(({ address }) => address)
  const look = await carrierOf(
    world,
    target,
    addresses,
    { fetches },
    lookers.map(({ probe }) => probe),
  )
  const runs = await Promise.all(
    lookers.map(async ({ probe, theirs }): Promise<NewRun> => {
      const key = `control:${probe.probeId}`
      const plan: ControlPlan = {
        kind: 'control',
        targetId: target.id,
        fetches: theirs.map(({ address, port }) => ({ address: address.text, port })),
        timeoutMs: FETCH_TIMEOUT_MS,
      }
      return {
        id: await runIdOf(look.id, key),
        key,
        probeId: probe.probeId,
        role: 'witness',
        kind: 'control',
        dueAt: now,
        deadlineAt: look.deadlineAt,
        needsPrivate,
        plan,
      }
    }),
  )
  const { touchable, holds } = await knockingNow(world)
  mustBeTouchable(touchable, addresses, 'address')
  try {
    const [added] = await batch(db, [
      addScan(db, look, sql`${holds} AND ${looksLeft(...looksOf(world, look))}`),
      ...addRuns(db, look, runs),
      asked(world, target, rows, hasBegun(look.tenantId, look.id)),
      ...unseen,
    ])
    if (changed(added) === 0)
      throw new Failure('conflict', 'What is allowed has just changed: the look was not begun. Try again.')
  } catch (error) {
    if (isTaken(error)) throw new Failure('conflict', 'A look at this target is under way.')
    throw error
  }
  world.ring(runs.map(({ probeId }) => probeId))
}

const noProbe = ({ db, now }: World, row: Control): Statement => {
  const trouble = { code: 'no_probe', detail: 'No probe that can reach this address is there to look.' } as const
  return noteFound(db, row.tenantId, row.subject, afterLook(row, trouble, now), now)
}

/** Of whom, since when, how many more, and how many at most. */
const looksOf = ({ now }: World, look: { tenantId: string; addresses: readonly unknown[] }) =>
  [look.tenantId, now - HOUR_MS, look.addresses.length, LOOKED_AT_PER_HOUR] as const

/** The row that carries the runs: leases, fences, opt-outs, ceilings and the kill switch hold for it as for a scan. */
async function carrierOf(
  world: World,
  target: Target,
  addresses: readonly Address[],
  control: ControlAsk,
  lookers: readonly Awaited<ReturnType<typeof readPanelFacts>>[number][],
): Promise<Scan> {
  const blank = newScan(world, target.tenantId, target, {
    site: CONTROL_LANE,
    scannerProbeId: null,
    ports: [...new Set(control.fetches.map(({ port }) => port))].sort((a, b) => a - b).join(','),
    profile: 'discovery',
    accompanySeconds: null,
    dueKey: '',
    dueAt: world.now,
    retestOf: null,
    only: null,
    fills: null,
  })
  const networks = addresses.map(networkOf)
  // Nobody has proved yet that anything of this is theirs.
  if (!(await hasLooksLeft(world.db, ...looksOf(world, { ...target, addresses }))))
    throw new Failure('too_soon', `A tenant may have ${LOOKED_AT_PER_HOUR} addresses looked at in an hour.`)
  await withinCeilings(world, blank, addresses, [...new Set(networks)])
  return {
    ...blank,
    addresses: addresses.map(({ text }) => text),
    networks,
    name: null,
    maxConnectsPerSecond: 1,
    panel: lookers.map(({ probeId, site, provider, country, asn, sourceAddress, fit }) => ({
      probeId,
      role: 'witness',
      site,
      provider,
      country,
      asn,
      sourceAddress,
      fit,
      rested: true,
    })),
    scannerProbeId: lookers[0]?.probeId ?? '',
    deadlineAt: world.now + LOOK_MS,
    control,
  }
}
