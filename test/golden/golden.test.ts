import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Judgement } from '../../schema/judgement.ts'
import { judgeScan } from '../../worker/core/judge.ts'
import { type Story, tell } from '../support/facts.ts'
import { story as banOfAMinute } from './cases/ban-of-a-minute/facts.ts'
import { story as countryBlockFromTheStart } from './cases/country-block-from-the-start/facts.ts'
import { story as fail2banOnSsh } from './cases/fail2ban-on-ssh/facts.ts'
import { story as forbiddenPageForTheScanner } from './cases/forbidden-page-for-the-scanner/facts.ts'
import { story as guardBansAllPorts } from './cases/guard-bans-all-ports/facts.ts'
import { story as halfOfTheConnectsFail } from './cases/half-of-the-connects-fail/facts.ts'
import { story as hostAcceptsEverything } from './cases/host-accepts-everything/facts.ts'
import { story as lossOfAFifth } from './cases/loss-of-a-fifth/facts.ts'
import { story as noSibling } from './cases/no-sibling/facts.ts'
import { story as noWitness } from './cases/no-witness/facts.ts'
import { story as rangeBan } from './cases/range-ban/facts.ts'
import { story as scannerSiteCutOff } from './cases/scanner-site-cut-off/facts.ts'
import { story as scannerVanished } from './cases/scanner-vanished/facts.ts'
import { story as serviceStopped } from './cases/service-stopped/facts.ts'
import { story as sshMaxStartups } from './cases/ssh-max-startups/facts.ts'

const STORIES: Record<string, Story> = {
  'ban-of-a-minute': banOfAMinute,
  'country-block-from-the-start': countryBlockFromTheStart,
  'fail2ban-on-ssh': fail2banOnSsh,
  'forbidden-page-for-the-scanner': forbiddenPageForTheScanner,
  'guard-bans-all-ports': guardBansAllPorts,
  'half-of-the-connects-fail': halfOfTheConnectsFail,
  'host-accepts-everything': hostAcceptsEverything,
  'loss-of-a-fifth': lossOfAFifth,
  'no-sibling': noSibling,
  'no-witness': noWitness,
  'range-ban': rangeBan,
  'scanner-site-cut-off': scannerSiteCutOff,
  'scanner-vanished': scannerVanished,
  'service-stopped': serviceStopped,
  'ssh-max-startups': sshMaxStartups,
}

/** What a story must come to: the words that users see, without figures that a better rule may change. */
const gist = (judgement: Judgement) => ({
  verdict: judgement.verdict,
  ports: judgement.ports.map((port) => ({
    port: port.port,
    verdict: port.verdict,
    strength: port.strength,
    rule: port.evidence[0]?.rule,
    cause: port.cause && `${port.cause.class}/${port.cause.mechanism}`,
    recovery: port.recovery,
  })),
})

describe.each(Object.entries(STORIES))('%s', (name, story) => {
  const told = tell(story)
  const file = new URL(`./cases/${name}/verdict.json`, import.meta.url)

  test('comes to the verdict that is written down', () => {
    expect(gist(told.judgement)).toEqual(JSON.parse(readFileSync(file, 'utf8')))
  })

  test('is judged the same when it is judged again', () => {
    const at = told.judgement.judgedAt
    expect(judgeScan(told.facts, at)).toEqual(judgeScan(structuredClone(told.facts), at))
  })

  test('ends, and names only observations that exist', () => {
    expect(told.finishedMs).not.toBeNull()
    const known = new Set(told.facts.runs.flatMap((run) => run.observations.map((o) => `${run.runId}.${o.n}`)))
    const named = told.judgement.ports.flatMap((port) => port.evidence.flatMap((line) => line.observations))
    expect(named.filter((id) => !known.has(id))).toEqual([])
  })
})
