/**
 * Changes of our ranges: decided from all of them, written with their line in the log, the notice to every tenant and whatever
 * depends on them in one batch. Of two changes at once one finds its serial taken and decides anew.
 */
import { type Address, type Cidr, contains, isPublic, parseCidr, WIDTH } from '../schema/address.ts'
import { overlaps, placeOf, readCidr, spanOf } from '../schema/cidr.ts'
import { derivedId, newId } from '../schema/ids.ts'
import type { RangeDeed, RangePurpose } from '../schema/words.ts'
import { rangesNotice } from './core/notices/fleet.ts'
import { adviceOf, titleOf } from './core/ranges/feeds.ts'
import { aged, announced, type Changed, deedOf, isPublished, type Move, moved, type Range } from './core/ranges/life.ts'
import { listOf, textOfList } from './core/ranges/list.ts'
import { badField, Failure } from './failure.ts'
import { sha256 } from './secrets.ts'
import { batch, type Db, isTaken, type Statement } from './store/db.ts'
import { addRangeNotice, areRangesDue, type Book, MOST_RANGES, readBook, writeChange } from './store/ranges.ts'

/** Who changes a range, and when. */
export interface Hand {
  /** the key that asked, or `clock` */
  by: string
  now: number
}

/** Of n that change at once each round lets one through: a fleet of so many may be enrolled in the same second. */
const TRIES = 32

/**
 * Makes the changes that `decide` finds due, all or none, and answers what it answered. A range that comes out as it was is
 * not written. `beside` is written in the same batch, also where nothing changed.
 */
async function change<T extends { ranges: readonly Range[] }>(
  db: Db,
  hand: Hand,
  decide: (book: Book) => T,
  beside: (decided: T) => readonly Statement[] = () => [],
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const book = await readBook(db)
    const decided = decide(book)
    try {
      await batch(db, [...(await writesFor(db, hand, book, decided.ranges)), ...beside(decided)])
      return decided
    } catch (error) {
      if (!isTaken(error)) throw error
      if (tries === TRIES) throw new Failure('busy', 'The ranges are being changed by others. Try again.')
    }
  }
}

async function writesFor(db: Db, { by, now }: Hand, book: Book, after: readonly Range[]): Promise<Statement[]> {
  const before = new Map(book.ranges.map((range) => [range.id, range]))
  const steps = after
    .map((range) => ({ range, deed: deedOf(before.get(range.id) ?? null, range) }))
    .filter((step): step is { range: Range; deed: RangeDeed } => step.deed !== null)
    .map((step, i) => ({ ...step, serial: book.serial + i + 1, at: now, by }))
  const told = steps.filter(({ range }) => range.isPublic === 1)
  for (const { range } of steps) before.set(range.id, range)
  return [
    ...steps.flatMap((step) => writeChange(db, step)),
    ...(told.length > 0 ? await noticesOf(db, book, [...before.values()], told, now) : []),
  ]
}

/** Changes that a notice tells in words; all are in its lists. */
const MOST_LINES = 4

/** As a list: a statement by itself is a promise, and to await it would carry it out. */
async function noticesOf(
  db: Db,
  { published }: Book,
  ranges: readonly Range[],
  steps: readonly { range: Range; deed: RangeDeed; serial: number; at: number }[],
  now: number,
): Promise<Statement[]> {
  const serials = [published.serial, ...steps.map(({ serial }) => serial)]
  const [previousSerial = 0, serial = 0] = serials.slice(-2)
  const list = listOf({ serial, previousSerial, changedAt: now, ranges })
  const listed = new Set(published.ranges.filter(isPublished).map(({ id }) => id))
  const after = steps.map(({ range }) => range)
  const lines = steps.slice(0, MOST_LINES).map((step) => `${titleOf(step)}. ${adviceOf(step)}`)
  const event = rangesNotice(
    {
      serial,
      // Notices may come late or out of order: what they were told from, and what the list must hash to, is in them.
      previousSerial: published.serial,
      sha256: await sha256(textOfList(list)),
      added: after.filter((range) => isPublished(range) && !listed.has(range.id)),
      changed: after.filter((range) => isPublished(range) && listed.has(range.id)),
      removed: after.filter((range) => !isPublished(range)),
      advice: [...lines, ...(steps.length > lines.length ? [`And ${steps.length - lines.length} more.`] : [])].join(
        ' ',
      ),
      version: `/ip-ranges/versions/${serial}.json`,
      changes: `/ip-ranges/diff?from=${published.serial}&to=${serial}`,
    },
    now,
  )
  return [addRangeNotice(db, { id: await derivedId('ntc', 'ip_ranges.changed', serial), event }, now)]
}

// ---------------------------------------------------------------- by hand

export interface NewRange {
  cidr: string
  site: string
  country?: string | null
  provider?: string | null
  purpose?: RangePurpose
  activeFrom?: number
  skipNotice?: boolean
}

/** Announces a range, or takes up one that was retired. Throws the Failure that names the field and what is in its way. */
export async function announceRange(db: Db, hand: Hand, wish: NewRange): Promise<Range> {
  const read = readCidr(wish.cidr)
  if ('error' in read) throw badField('invalid', 'cidr', read.error)
  const place = placeOf(read.cidr)
  if (place.kind === 'refused') throw badField('special', 'cidr', place.detail)
  const { ranges } = await change(db, hand, (book) => {
    const others = livingBeside(book, read.cidr)
    if (others) throw badField('conflict', 'cidr', others)
    return { ranges: [ranged(begin(book, read.cidr, wish, place.kind === 'public', hand.now))] }
  })
  return ranges[0] as Range
}

function begin(book: Book, cidr: Cidr, wish: NewRange, isOpen: boolean, now: number): Changed {
  const retired = book.ranges.find((range) => range.cidr === cidr.text)
  if (!retired && book.ranges.length >= MOST_RANGES)
    throw new Failure('conflict', `There are ${MOST_RANGES} ranges, the most that are kept.`)
  return announced(
    {
      id: retired?.id ?? newId('rng'),
      cidr: cidr.text,
      ...spanOf(cidr),
      site: wish.site,
      country: wish.country ?? null,
      provider: wish.provider ?? null,
      purpose: wish.purpose ?? 'scan',
      isPublic: isOpen,
      activeFrom: wish.activeFrom ?? null,
      skipNotice: wish.skipNotice ?? false,
    },
    now,
  )
}

/** Why this network cannot live beside those that do; null when it can. */
function livingBeside(book: Book, cidr: Cidr): string | null {
  const other = book.ranges.find((range) => range.state !== 'retired' && overlaps(cidrOf(range), cidr))
  if (!other) return null
  if (other.cidr === cidr.text) return `is known as ${other.id} already, and ${other.state}`
  return cidrOf(other).prefix < cidr.prefix
    ? `lies in ${other.cidr} (${other.id}, ${other.state}) already`
    : `holds ${other.cidr} (${other.id}, ${other.state}): retire that first`
}

const cidrOf = (range: Pick<Range, 'cidr'>): Cidr => {
  const cidr = parseCidr(range.cidr)
  if (!cidr) throw new Error(`${range.cidr} is not a network`)
  return cidr
}

/** Null when there is no such range. Throws the Failure of a move that its life does not have. */
export async function moveRange(db: Db, hand: Hand, id: string, move: Move): Promise<Range | null> {
  const { ranges } = await change(db, hand, (book) => {
    const range = book.ranges.find((one) => one.id === id)
    if (!range) return { ranges: [] }
    const next = ranged(moved(range, move, hand.now))
    const others = range.state === 'retired' && next.state !== 'retired' ? livingBeside(book, cidrOf(range)) : null
    if (others) throw badField('conflict', 'state', `cannot be taken up: its network ${others}`)
    return { ranges: [next] }
  })
  return ranges[0] ?? null
}

function ranged(changed: Changed): Range {
  if ('range' in changed) return changed.range
  const { field, detail } = changed.objection
  throw badField('conflict', field, detail)
}

// ---------------------------------------------------------------- probes and time

export interface ProbeWish {
  address: Address
  site: string
  country: string | null
  provider: string | null
  /** the range is allowlisted already */
  rangeActive: boolean
}

/**
 * The range of a probe that is to be enrolled: the one that holds its address, else one of its own. It begins with the statements
 * that depend on it.
 */
export async function rangeForProbe(
  db: Db,
  hand: Hand,
  wish: ProbeWish,
  beside: (range: Range) => readonly Statement[],
): Promise<Range> {
  const decide = (book: Book) => {
    const known = book.ranges.find((range) => range.state !== 'retired' && contains(cidrOf(range), wish.address))
    return { ranges: [known ? joined(known, wish, hand.now) : ranged(own(book, wish, hand.now))] }
  }
  const { ranges } = await change(db, hand, decide, ({ ranges }) => beside(ranges[0] as Range))
  return ranges[0] as Range
}

function own(book: Book, wish: ProbeWish, now: number): Changed {
  const { address, site, country, provider, rangeActive } = wish
  const prefix = WIDTH[address.family]
  const cidr = { text: `${address.text}/${prefix}`, address, prefix, family: address.family }
  return begin(
    book,
    cidr,
    { cidr: cidr.text, site, country, provider, skipNotice: rangeActive, ...(rangeActive ? { activeFrom: now } : {}) },
    isPublic(address),
    now,
  )
}

/** A known range with one probe more. One of a single address follows its probe; a wider one says where its probes are. */
function joined(range: Range, { address, site, country, provider, rangeActive }: ProbeWish, now: number): Range {
  const where = `${address.text} lies in ${range.cidr}, which`
  if (range.purpose === 'webhook') throw badField('conflict', 'sourceAddress', `${where} is for notices alone`)
  const isSingle = range.firstKey === range.lastKey
  if (!isSingle && range.site !== site) throw badField('conflict', 'site', `${where} is of site ${range.site}`)
  const move: Move = {
    ...(isSingle ? { site, country: country ?? range.country, provider: provider ?? range.provider } : {}),
    ...(rangeActive && range.state === 'announced' ? { state: 'active', skipNotice: true } : {}),
  }
  return ranged(moved(range, move, now))
}

/** Each is two statements, and a tick has a thousand for all that it does; the rest are as due at the next. */
const MOST_AGED = 100

/** Ranges whose time has come go on to their next state. */
export async function ageRanges(db: Db, now: number): Promise<void> {
  if (!(await areRangesDue(db, now))) return
  await change(db, { by: 'clock', now }, (book) => ({
    ranges: book.ranges
      .map((range) => aged(range, now))
      .filter((range) => range !== null)
      .slice(0, MOST_AGED),
  }))
}
