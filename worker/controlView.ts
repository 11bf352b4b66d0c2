/** How control stands, of targets as their answers show it, and of one with what is still to be done. */
import { type Address, isPublic, parseAddress } from '../schema/address.ts'
import {
  type AddressControl,
  CONTROL_LABEL,
  CONTROL_PATH,
  type ControlState,
  type ControlTask,
  type TargetControl,
  TLS_PORT,
  type VerificationAnswer,
} from '../schema/control.ts'
import { standingOf, worstOf } from './core/control.ts'
import { type Control, lookingNow, readControls } from './store/controls.ts'
import { type Letter, readLetters } from './store/letters.ts'
import type { Target } from './store/targets.ts'
import type { World } from './world.ts'

type Where = Pick<Target, 'id' | 'tenantId' | 'address' | 'resolved'>

/** Its literal address, or where its name led when that was last asked. */
const addressesOf = ({ address, resolved }: Where): readonly Address[] => {
  const literal = parseAddress(address)
  return literal ? [literal] : resolved.flatMap((text) => parseAddress(text) ?? [])
}

/** Of targets of one tenant, by id. */
export async function controlOf(
  world: Pick<World, 'db' | 'now'>,
  tenantId: string,
  targets: readonly Where[],
): Promise<ReadonlyMap<string, TargetControl>> {
  const { views } = await viewsOf(world, tenantId, targets)
  return new Map([...views].map(([id, addresses]) => [id, summary(addresses)]))
}

/** Of one target, with what is to be put where. */
export async function verificationOf(world: Pick<World, 'db' | 'now'>, target: Where): Promise<VerificationAnswer> {
  const { views, rows } = await viewsOf(world, target.tenantId, [target])
  const addresses = views.get(target.id) ?? []
  const domains = [...rows.values()].flatMap(({ domain }) => domain ?? [])
  const domainRows = await readControls(world.db, target.tenantId, domains)
  return withTasks(target, addresses, new Map([...domainRows, ...rows]))
}

/** The same of facts that were read already, those of its domains among them. */
export const verificationFrom = (target: Where, facts: ControlFacts, now: number): VerificationAnswer =>
  withTasks(target, viewOf(target, facts, now), facts.rows)

/** How control of a target stands, from facts that were read already. */
export const standingFrom = (target: Where, facts: ControlFacts, now: number): ControlState =>
  summary(viewOf(target, facts, now)).state

function withTasks(
  target: Where,
  addresses: readonly AddressControl[],
  rows: ReadonlyMap<string, Control>,
): VerificationAnswer {
  const tasks = addresses.map((view) => {
    const row = rows.get(view.address)
    return { ...view, task: row ? taskOf(row, rows.get(row.domain ?? '')) : null }
  })
  return { targetId: target.id, ...summary(addresses), addresses: tasks }
}

/** Addresses of targets: what `readControls` is asked for. */
export const subjectsOf = (targets: readonly Where[]): string[] =>
  targets.flatMap((target) => addressesOf(target).map(({ text }) => text))

async function viewsOf({ db, now }: Pick<World, 'db' | 'now'>, tenantId: string, targets: readonly Where[]) {
  const all = targets.flatMap(addressesOf)
  const rows = await readControls(
    db,
    tenantId,
    all.map(({ text }) => text),
  )
  const letterFor = all.some(isPublic) ? await readLetters(db, tenantId, now) : () => null
  const looking =
    rows.size > 0
      ? await lookingNow(
          db,
          tenantId,
          targets.map(({ id }) => id),
        )
      : new Set<string>()
  return {
    views: new Map(targets.map((target) => [target.id, viewOf(target, { rows, letterFor, looking }, now)])),
    rows,
  }
}

/** What is known of addresses, already read. */
export interface ControlFacts {
  /** by subject */
  rows: ReadonlyMap<string, Control>
  letterFor: (address: Address) => Pick<Letter, 'signedAt' | 'expiresAt'> | null
  /** targets that are being looked at */
  looking: ReadonlySet<string>
}

function viewOf(target: Where, { rows, letterFor, looking }: ControlFacts, now: number): AddressControl[] {
  return addressesOf(target).map((address) => {
    const row = rows.get(address.text) ?? null
    const standing = standingOf(address, row, letterFor(address), now)
    return {
      address: address.text,
      ...standing,
      provedAt: maybeIso(standing.provedAt),
      expiresAt: maybeIso(standing.expiresAt),
      checkedAt: maybeIso(row?.checkedAt ?? null),
      checking: row?.method === 'http' && looking.has(target.id),
      problem: row?.problem ?? null,
    }
  })
}

/** A name that was never looked up is as good as unproved. */
function summary(addresses: readonly AddressControl[]): TargetControl {
  const worst = worstOf(addresses)
  if (!worst)
    return {
      ...{ state: 'unproved', method: null, provedAt: null, expiresAt: null, checkedAt: null },
      ...{ checking: false, problem: null, addresses: [] },
    }
  const { address: _, ...rest } = worst
  return { ...rest, checking: addresses.some(({ checking }) => checking), addresses: [...addresses] }
}

function taskOf(row: Control, domainRow: Control | undefined): ControlTask | null {
  if (row.method === 'http') return httpTask(row)
  return row.domain !== null && domainRow ? nameTask(row, row.domain, domainRow.token) : null
}

function httpTask({ subject, port, token }: Control): ControlTask {
  const host = subject.includes(':') ? `[${subject}]` : subject
  const isTls = port === TLS_PORT
  const url = `${isTls ? 'https' : 'http'}://${host}${port === 80 || isTls ? '' : `:${port}`}${CONTROL_PATH}`
  return {
    method: 'http',
    steps: [
      `On the machine that has the address ${subject}, serve a plain text file at ${url} that holds the token as a line of its own.`,
      `It is fetched from the address itself, with the address as Host${isTls ? ', whatever certificate is shown' : ''}. Answer with status 200: redirects are not followed, and no more than 1 KiB is read.`,
      'Leave the file where it is: it is looked at again before 30 days are over.',
    ],
    url,
    record: null,
    content: token,
  }
}

const nameTask = ({ subject }: Control, domain: string, token: string): ControlTask => ({
  method: 'reverse_dns',
  steps: [
    `Add a TXT record at ${CONTROL_LABEL}.${domain} that holds the token. It shows that the domain is yours, and no more than that.`,
    `Have whoever provides the address ${subject} set its reverse name (PTR) to a name in ${domain}, such as host.${domain}.`,
    `See that this name leads back to ${subject} (A or AAAA record).`,
    'Leave the records where they are: they are looked at again before 30 days are over.',
  ],
  url: null,
  record: `${CONTROL_LABEL}.${domain}`,
  content: token,
})

const maybeIso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
