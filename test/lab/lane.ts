/**
 * One set of namespaces with the whole product in it, in which scenarios run one after the other. Each gets a target of its
 * own at an address of its own, so that what the product remembers of a target (rations, who scanned it) starts from nothing.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ScanAnswer } from '../../schema/api.ts'
import { type Ban, bansOf } from './bans.ts'
import { type Lab, makeLab } from './namespaces.ts'
import { FLEET, FLEET_ROLES, type Product, type Scanned, startProduct, stopAll } from './product.ts'
import type { Scenario } from './scenario.ts'
import { rest, type Standing, stand } from './standing.ts'

const NEIGHBOUR_HOST = 5
const FIRST_TARGET = 20
const LAST_TARGET = 250
const SCAN_LIMIT_S = 660
const LISTENERS = join(import.meta.dirname, 'container/listeners.ts')

export interface Outcome {
  scan: ScanAnswer
  /** seconds for all of it */
  seconds: number
  /** every address that the defence's own list has named, with the moment it was first seen there */
  listed: ReadonlyMap<string, Date>
  /** the scanner's bans, where the scenario bans for a while */
  bans: readonly Ban[]
}

export interface Lane {
  lab: Lab
  product: Product
  /** the last octet of the next target's address */
  nextHost(): number
  /**
   * Runs a scenario at this loss (share of packets, each way). `folder` gets the scan, its raw output, its observations and
   * the defence's logs.
   * @throws when the scenario itself did not work: not up, no scan, the event did not take place
   */
  run(scenario: Scenario, loss: number, folder: string, full: boolean): Promise<Outcome>
  stop(): Promise<void>
}

/** @throws when the product does not come up */
export async function openLane(name: string, data: string): Promise<Lane> {
  const lab = makeLab(name, [
    { name: 'target', net: 0, hosts: [FIRST_TARGET] },
    { name: 'neighbour', net: 0, hosts: [NEIGHBOUR_HOST] },
    ...FLEET_ROLES,
  ])
  const neighbour = lab.start('neighbour', [process.execPath, LISTENERS, '22', '80'], { stdio: 'ignore' })
  const close = async () => {
    await stopAll([neighbour])
    lab.remove()
  }
  try {
    const host = lab.router('scan')
    const product = await startProduct(lab, { workerRole: 'router', host, fleet: FLEET, data })
    let next = FIRST_TARGET
    const nextHost = () => {
      if (next > LAST_TARGET) throw new Error('this set has used all its addresses')
      return next++
    }
    return {
      lab,
      product,
      nextHost,
      run: (scenario, loss, folder, full) => runOne(lab, product, scenario, { host: nextHost(), loss, folder, full }),
      async stop() {
        await product.stop()
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function runOne(
  lab: Lab,
  product: Product,
  scenario: Scenario,
  run: { host: number; loss: number; folder: string; full: boolean },
): Promise<Outcome> {
  const started = performance.now()
  mkdirSync(run.folder, { recursive: true })
  const standing = await stand(lab, scenario, run)
  try {
    const targetId = await addTarget(product, scenario, standing)
    const event = { error: null as unknown }
    const meanwhile = scenario.meanwhile?.(standing.stage).catch((error: unknown) => {
      event.error = error
    })
    const scanned = await scanWith(product, scenario, standing)
    await standing.settle()
    await Promise.race([meanwhile, rest(3_000)])
    await keep(run.folder, product, standing, scanned)
    if (event.error) throw event.error
    const scan = finished(scanned)
    await mustHaveHappened(scenario, standing)
    // Its recovery runs would go on for a day.
    await product.ask('DELETE', `/api/v1/targets/${targetId}`).catch(() => '')
    const { listed } = standing
    return { scan, seconds: (performance.now() - started) / 1_000, listed, bans: bansIn(scenario, standing, scan) }
  } finally {
    await standing.down()
  }
}

function bansIn({ banSeconds }: Scenario, standing: Standing, scan: ScanAnswer): Ban[] {
  if (!banSeconds) return []
  const lost = scan.ports.flatMap(({ lostAt }) => (lostAt ? [Date.parse(lostAt)] : []))
  const lostAt = new Date(Math.min(Number.MAX_SAFE_INTEGER, ...lost))
  return bansOf(standing.looks, standing.stage.scanner, standing.banSeconds * 1_000, lostAt)
}

async function addTarget(product: Product, scenario: Scenario, { stage }: Standing): Promise<string> {
  const body = {
    address: stage.target,
    ports: scenario.ports,
    ...(scenario.rate ? { maxConnectsPerSecond: scenario.rate } : {}),
    ...(scenario.anchored ? { anchors: [{ address: stage.neighbour, port: 80 }] } : {}),
  }
  return (JSON.parse(await product.ask('POST', '/api/v1/targets', body)) as { id: string }).id
}

function scanWith(product: Product, scenario: Scenario, { stage, hear }: Standing): Promise<Scanned> {
  const how =
    scenario.accompanySeconds === undefined
      ? ['--profile', scenario.profile]
      : ['--accompany', `${scenario.accompanySeconds}`]
  const words = [...how, '--ports', scenario.ports, '--scanner', stage.scanner, '--timeout', `${SCAN_LIMIT_S}`]
  return product.scan(stage.target, words, { timeoutMs: (SCAN_LIMIT_S + 30) * 1_000, onLine: hear })
}

async function keep(folder: string, product: Product, { listed, looks }: Standing, { scan, progress }: Scanned) {
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  write('progress.txt', progress)
  write('listed.txt', [...listed].map(([who, at]) => `${at.toISOString()} ${who}\n`).join(''))
  const entry = ([who, until]: readonly [string, Date | null]) => (until ? `${who} until ${until.toISOString()}` : who)
  write(
    'looks.txt',
    looks.map((look) => `${look.at.toISOString()} ${[...look.listed].map(entry).join(', ')}\n`).join(''),
  )
  if (!scan) return
  write('scan.json', JSON.stringify(scan, null, 1))
  const read = (part: string) => product.ask('GET', `/api/v1/scans/${scan.id}/${part}`).catch(String)
  write('output.txt', await read('output'))
  write('observations.jsonl', await read('observations'))
}

function finished({ scan, code, progress }: Scanned): ScanAnswer {
  if (!scan) throw new Error(`the scan ended with ${code}: ${lastLine(progress)}`)
  if (scan.state !== 'finished') throw new Error(`the scan ${scan.state}: ${scan.failure?.detail ?? code}`)
  return scan
}

async function mustHaveHappened({ group, truth }: Scenario, { look, listed, stage }: Standing): Promise<void> {
  if (truth.happened) {
    const said = await look(truth.happened)
    if (!truth.happened.fits.test(said)) throw new Error(`it did not take place: ${lastLine(said)}`)
  }
  const range = stage.scanner.replace(/\d+$/, '')
  const isListed = [...listed.keys()].some(
    (who) => who === stage.scanner || (who.startsWith(range) && who.includes('/')),
  )
  if (group === 'positive' && truth.list && !isListed)
    throw new Error(`the defence did not fire: ${[...listed.keys()].join(' ') || 'its list stayed empty'}`)
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.slice(0, 200) ?? ''
