/**
 * May a probe be believed? What it said of endpoints of which the truth is known, and where it stood alone against all others,
 * adds up. A scanner that alone loses a port is what this product looks for, and is never held against it.
 */
import { networkOf, parseAddress } from '../../schema/address.ts'
import { endpointKey, type PanelMember, type RunFacts, type ScanFacts, type StoodAlone } from '../../schema/facts.ts'
import { portsIn } from '../../schema/ports.ts'
import type { Observation } from '../../schema/wire.ts'

/** What the operator knows of an endpoint. */
export interface Truth {
  address: string
  port: number
  expect: 'open' | 'closed'
}

export interface Contradiction {
  probeId: string
  address: string
  port: number
  /** how much it counts towards quarantine */
  weight: number
  text: string
}

/**
 * A port that nobody listens on cannot be seen open by mistake; one that is open may be lost on the way, so that such a word
 * counts only beside others who reached it. Standing alone on other people's hosts has honest reasons too: a third of that.
 */
export const WEIGHT = { falseOpen: 3, falseClosed: 1.5, falseSilence: 0.75, alone: 0.5 } as const
/** From here on a probe is not believed. */
export const QUARANTINE_AT = 3
/**
 * Standing alone adds up to this and no further. Each network counts once, for a host that shuts out the country of a witness is scanned
 * every day; and so does each tenant, who could make up as many hosts as he likes (the operator's own are believed). To be quarantined
 * a probe must have denied what is known, and more than once where it saw only closed what is open (a restart).
 */
export const ALONE_MOST = 1
/** What a scan of a canary without any contradiction leaves of what was held against a probe. */
export const CLEAN_LEAVES = 0.7
/** So many others must agree with the truth before one is blamed; a truth that most deny is none. */
const AGREEING = 2
const MOST_TEXT = 300

type Word = 'open' | 'closed' | 'silent'
const WORD: Readonly<Partial<Record<Observation['sight'], Word>>> = {
  ...{ open: 'open', mute: 'open', notice: 'open', page: 'open', cut: 'open' },
  ...{ closed: 'closed', unresponsive: 'silent', unreachable: 'silent' },
}

/** The words of each probe on one endpoint, most seen first. */
interface Said {
  probeId: string
  words: ReadonlySet<Word>
}

/** What each panel member said of an endpoint in this scan. */
function saidOf({ runs, panel }: ScanFacts, address: string, port: number): Said[] {
  return panel.flatMap(({ probeId }) => {
    const mine = runs.filter((run) => run.probeId === probeId)
    const words = new Set(
      mine.flatMap((run) =>
        run.observations
          .filter((seen) => seen.address === address && seen.port === port && seen.fit !== false)
          .flatMap((seen) => WORD[seen.sight] ?? []),
      ),
    )
    if (mine.some((run) => run.found.some((one) => one.address === address && one.port === port))) words.add('open')
    if (words.size === 0 && mine.some((run) => passedOver(run, address, port))) words.add('silent')
    return words.size > 0 ? [{ probeId, words }] : []
  })
}

/** Its sweep came to its end and tested the port, and said nothing of it: not open, then. */
function passedOver({ kind, closing }: RunFacts, _address: string, port: number): boolean {
  if (kind !== 'scan' || closing?.outcome !== 'done' || !closing.ports) return false
  return closing.ports.tested > 0 && !portsIn(closing.ports.untested).has(port)
}

/** Words of a scan that cannot be true, of endpoints of which the truth is known. */
export function againstTruth(facts: ScanFacts, truths: readonly Truth[]): Contradiction[] {
  const asked = portsIn(facts.ports)
  return truths
    .filter(({ address, port }) => facts.addresses.includes(address) && asked.has(port))
    .flatMap(({ address, port, expect }) => {
      const said = saidOf(facts, address, port)
      const isWrong = ({ words }: Said) => (expect === 'open' ? !words.has('open') : words.has('open'))
      const wrong = said.filter(isWrong)
      // A truth that most deny may be out of date; where nobody else looked there is nothing to hold it against.
      if (wrong.length === 0 || said.length - wrong.length < Math.max(AGREEING, wrong.length + 1)) return []
      return wrong.map(({ probeId, words }) => {
        const weight =
          expect === 'closed' ? WEIGHT.falseOpen : words.has('closed') ? WEIGHT.falseClosed : WEIGHT.falseSilence
        const text = `${endpointKey({ address, port })} is ${expect} for certain, and ${said.length - wrong.length} others saw it so; this probe said ${[...words].join(' and ')}.`
        return { probeId, address, port, weight, text: text.slice(0, MOST_TEXT) }
      })
    })
}

/** Least others of one word against whom one stands alone. */
const CROWD = 3

/** Onlookers that said of an endpoint what nobody else did, while all others said one thing. */
export function standingAlone(facts: ScanFacts): Contradiction[] {
  const scanner = facts.panel.find(({ role }) => role === 'scanner')
  const endpoints = new Map(facts.runs.flatMap((run) => run.found.map((one) => [endpointKey(one), one] as const)))
  return [...endpoints.values()].flatMap(({ address, port }) => {
    const said = saidOf(facts, address, port).filter(({ words }) => words.size === 1)
    return said.flatMap(({ probeId, words }) => {
      if (probeId === scanner?.probeId) return []
      const others = said.filter((one) => one.probeId !== probeId)
      const [word] = words
      const theirs = new Set(others.flatMap((one) => [...one.words]))
      if (others.length < CROWD || theirs.size !== 1 || (word !== undefined && theirs.has(word))) return []
      const text = `${endpointKey({ address, port })}: ${others.length} others said ${[...theirs][0]}, this probe alone said ${word}.`
      return [{ probeId, address, port, weight: WEIGHT.alone, text }]
    })
  })
}

/** What was held against a probe before, and where it stood alone of late. */
export interface Standing {
  score: number
  alone: readonly StoodAlone[]
}
const CLEAN: Standing = { score: 0, alone: [] }

export interface Held extends Standing {
  probeId: string
  reason: string | null
}

/** Another host of another party than all before? `by` is '' where it is the operator's own. */
const isAnother = (one: StoodAlone, before: readonly StoodAlone[]): boolean =>
  !before.some(({ by, network }) => network === one.network || (by !== '' && by === one.by))

/** What is held against each probe after this scan; only what changes. `by`: the tenant whose scan it was, '' of the operator. */
export function heldAgainst(
  facts: ScanFacts,
  truths: readonly Truth[],
  records: ReadonlyMap<string, Standing>,
  by: string,
): Held[] {
  const onTruth = againstTruth(facts, truths)
  const alone = standingAlone(facts)
  const isCanary = truths.some(({ address }) => facts.addresses.includes(address))
  const looked = (member: PanelMember) =>
    facts.runs.some((run) => run.probeId === member.probeId && run.observations.length > 0)
  return facts.panel.flatMap(({ probeId, ...member }) => {
    const denied = onTruth.filter((one) => one.probeId === probeId)
    const stood = alone.filter((one) => one.probeId === probeId)
    const before = records.get(probeId) ?? CLEAN
    const places = stood.map(({ address }) => ({ by, network: placeOf(address) }))
    // Once a scan: a region that is shut out of one host is one reason, however many ports it has.
    const place = before.score < ALONE_MOST ? places.find((one) => isAnother(one, before.alone)) : undefined
    const standing = place ? Math.min(ALONE_MOST, before.score + WEIGHT.alone) : before.score
    const grown = standing + denied.reduce((sum, { weight }) => sum + weight, 0)
    const isClean = denied.length === 0 && stood.length === 0 && isCanary && looked({ probeId, ...member })
    const after = isClean ? before.score * CLEAN_LEAVES : grown
    const score = after < 0.05 ? 0 : Math.round(after * 1_000) / 1_000
    if (score === before.score) return []
    const remembered = place ? [...before.alone, place] : before.alone
    return [{ probeId, score, alone: score === 0 ? [] : remembered, reason: [...denied, ...stood][0]?.text ?? null }]
  })
}

const placeOf = (text: string): string => {
  const address = parseAddress(text)
  return address ? networkOf(address) : text
}

/** The facts without what these probes said: they looked, but nobody need believe it. */
export function withoutWordsOf(facts: ScanFacts, probeIds: ReadonlySet<string>): ScanFacts {
  if (!facts.panel.some(({ probeId }) => probeIds.has(probeId))) return facts
  return {
    ...facts,
    runs: facts.runs.map((run) =>
      probeIds.has(run.probeId)
        ? { ...run, spans: [], observations: run.observations.map((seen) => ({ ...seen, fit: false })) }
        : run,
    ),
  }
}
