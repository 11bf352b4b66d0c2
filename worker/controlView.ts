/** How control stands, of targets as their answers show it, and of one with what is still to be done. */
import { type Address, isPublic, parseAddress } from '../schema/address.ts'
import {
  type AddressControl,
  CONTROL_LABEL,
  CONTROL_PATH,
  type ControlTask,
  type TargetControl,
  TLS_PORT,
  type VerificationAnswer,
} from '../schema/control.ts'
import { standingOf, worstOf } from './core/control.ts'
import { type Control, lookingNow, readControls } from './store/controls.ts'
import { readLetters } from './store/letters.ts'
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
  const tasks = addresses.map((view) => {
    const row = rows.get(view.address)
    return { ...view, task: row ? taskOf(row, domainRows.get(row.domain ?? '')) : null }
  })
  return { targetId: target.id, ...summary(addresses), addresses: tasks }
}

async function viewsOf({ db, now }: Pick<World, 'db' | 'now'>, tenantId: string, targets: readonly Where[]) {
  const places = targets.map((target) => ({ id: target.id, addresses: addressesOf(target) }))
  const all = places.flatMap(({ addresses }) => addresses)
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
          places.map(({ id }) => id),
        )
      : new Set<string>()
  const views = new Map(
    places.map(({ id, addresses }) => [
      id,
      addresses.map((address): AddressControl => {
        const row = rows.get(address.text) ?? null
        const standing = standingOf(address, row, letterFor(address), now)
        return {
          address: address.text,
          ...standing,
          provedAt: maybeIso(standing.provedAt),
          expiresAt: maybeIso(standing.expiresAt),
          checkedAt: maybeIso(row?.checkedAt ?? null),
          checking: row?.method === 'http' && looking.has(id),
          problem: row?.problem ?? null,
        }
      }),
    ]),
  )
  return { views, rows }
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
