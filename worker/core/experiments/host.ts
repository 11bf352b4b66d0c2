/**
 * E4 over a host: a packet filter that counts a source's new connections keeps one bucket for all ports. Each port loses only
 * some of its touches then, and loss could explain any one; the bursts on several ports together tell.
 */
import type { EndpointEvidence } from '../evidence.ts'
import { strataE, sumOf } from '../tests.ts'
import { clearer, priced, type RateTest, roundsE, SILENT_GRADES, silentTest } from './rate.ts'

/** A port whose bursts went no worse than that met no limit. */
const BAD = 3

/** What the bursts on a host say together, and where they were made. */
export interface HostTest {
  test: RateTest
  ports: readonly EndpointEvidence[]
}

/** Reads E4 over the endpoints of one address; null unless silent bursts went badly on two of them and more. */
export function hostTest(endpoints: readonly EndpointEvidence[]): HostTest | null {
  const read = SILENT_GRADES.map((grade) => {
    const tests = endpoints.flatMap((endpoint) => {
      const test = silentTest(endpoint, grade)
      return test ? [{ endpoint, test }] : []
    })
    return tests.length > 1
      ? { ports: tests.map(({ endpoint }) => endpoint), tests: tests.map(({ test }) => test) }
      : null
  })
  const [late, lost] = read.map((one) => one && { ...one, test: together(one.tests, endpoints) })
  if (!late || !lost) return null
  const isHit = ({ burst }: RateTest) => burst.late + burst.failed >= BAD
  if (!late.tests.every(isHit)) return null
  return { ports: late.ports, test: clearer(priced(late.test), priced(lost.test)) }
}

/** The tests of several ports as one. Ports keep their own probability of going badly (strataE). */
function together(tests: readonly RateTest[], endpoints: readonly EndpointEvidence[]): RateTest {
  const first = tests[0] as RateTest
  const total = (read: (test: RateTest) => number) => tests.reduce((sum, test) => sum + read(test), 0)
  const arm = (name: 'bursts' | 'slow' | 'own' | 'slowFailed' | 'after' | 'beside' | 'others') =>
    sumOf(tests.map((test) => test[name]))
  const against = (name: 'slow' | 'own' | 'beside') => strataE(tests.map((test) => [test.bursts, test[name]]))
  const agains = tests.flatMap(({ again }) => again ?? [])
  const limits = tests.flatMap(({ limitPerSecond }) => (limitPerSecond ? [limitPerSecond] : []))
  // Rounds of several ports share their seconds: of e-values that may hang together the mean is one.
  const rounds = endpoints.flatMap((one) => one.cases.slice(-1).map((last) => (1 + roundsE(last, one)) / 2))
  return {
    grade: first.grade,
    swept: tests.find(({ swept }) => swept)?.swept ?? null,
    ports: tests.length,
    burst: {
      connects: total(({ burst }) => burst.connects),
      prompt: total(({ burst }) => burst.prompt),
      late: total(({ burst }) => burst.late),
      failed: total(({ burst }) => burst.failed),
    },
    isUneven: tests.some(({ isUneven }) => isUneven),
    bursts: arm('bursts'),
    again: agains.length > 0 ? sumOf(agains) : null,
    seeped: total(({ seeped }) => seeped),
    seepedTwice: tests.some(({ seepedTwice }) => seepedTwice),
    slow: arm('slow'),
    own: arm('own'),
    slowFailed: arm('slowFailed'),
    after: arm('after'),
    flickered: Math.max(...tests.map(({ flickered }) => flickered)),
    beside: arm('beside'),
    others: arm('others'),
    eRate: against('slow'),
    eOwn: against('own'),
    eAlone: (rounds.reduce((sum, e) => sum + e, 0) / Math.max(1, rounds.length)) * against('beside'),
    eSibling: tests.reduce<number | null>(
      (least, { eSibling: e }) => (e === null ? least : Math.min(e, least ?? e)),
      null,
    ),
    limitPerSecond:
      limits.length > 0 ? [Math.min(...limits.map(([low]) => low)), Math.max(...limits.map(([, high]) => high))] : null,
    isTold: false,
    siblingBeside: tests.every(({ siblingBeside }) => siblingBeside),
    witnessesBeside: Math.min(...tests.map(({ witnessesBeside }) => witnessesBeside)),
    from: Math.min(...tests.map(({ from }) => from)),
    knownAt: Math.max(...tests.map(({ knownAt }) => knownAt)),
    looks: {
      burst: tests.flatMap(({ looks }) => looks.burst),
      beside: tests.flatMap(({ looks }) => looks.beside),
      slow: tests.flatMap(({ looks }) => looks.slow),
    },
  }
}
