import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { observationId } from '../../schema/facts.ts'
import type { Judgement } from '../../schema/judgement.ts'
import { judgeScan } from '../../worker/core/judge.ts'
import { renderOutput } from '../../worker/core/output.ts'
import { type Story, type Told, tell } from '../support/facts.ts'
import { story as banOfAMinute } from './cases/ban-of-a-minute/facts.ts'
import { story as cloudflareChallenge } from './cases/cloudflare-challenge/facts.ts'
import { story as connectionLimitBesideAScanner } from './cases/connection-limit-beside-a-scanner/facts.ts'
import { story as countryBlockFromTheStart } from './cases/country-block-from-the-start/facts.ts'
import { story as countryFirewallAllAlong } from './cases/country-firewall-all-along/facts.ts'
import { story as ddosToolAnswers429 } from './cases/ddos-tool-answers-429/facts.ts'
import { story as ddosToolResetsWebConnections } from './cases/ddos-tool-resets-web-connections/facts.ts'
import { story as fail2banOnSsh } from './cases/fail2ban-on-ssh/facts.ts'
import { story as forbiddenPageForTheScanner } from './cases/forbidden-page-for-the-scanner/facts.ts'
import { story as fullQueueDropsEverybody } from './cases/full-queue-drops-everybody/facts.ts'
import { story as guardBansAllPorts } from './cases/guard-bans-all-ports/facts.ts'
import { story as halfOfTheConnectsFail } from './cases/half-of-the-connects-fail/facts.ts'
import { story as hostAcceptsEverything } from './cases/host-accepts-everything/facts.ts'
import { story as ipsBansForTwoMinutes } from './cases/ips-bans-for-two-minutes/facts.ts'
import { story as lossOfAFifth } from './cases/loss-of-a-fifth/facts.ts'
import { story as mailGateDropsTheScanner } from './cases/mail-gate-drops-the-scanner/facts.ts'
import { story as noSibling } from './cases/no-sibling/facts.ts'
import { story as noWitness } from './cases/no-witness/facts.ts'
import { story as overloadEndsInSilence } from './cases/overload-ends-in-silence/facts.ts'
import { story as overwhelmedWebServer } from './cases/overwhelmed-web-server/facts.ts'
import { story as providerForbidsScans } from './cases/provider-forbids-scans/facts.ts'
import { story as rangeBan } from './cases/range-ban/facts.ts'
import { story as scannerSiteCutOff } from './cases/scanner-site-cut-off/facts.ts'
import { story as scannerVanished } from './cases/scanner-vanished/facts.ts'
import { story as serviceStopped } from './cases/service-stopped/facts.ts'
import { story as sshMaxStartups } from './cases/ssh-max-startups/facts.ts'
import { story as wafRefusesTheScanner } from './cases/waf-refuses-the-scanner/facts.ts'
import { story as webServerLimitsTheScanner } from './cases/web-server-limits-the-scanner/facts.ts'

const STORIES: Record<string, Story> = {
  'ban-of-a-minute': banOfAMinute,
  'cloudflare-challenge': cloudflareChallenge,
  'connection-limit-beside-a-scanner': connectionLimitBesideAScanner,
  'country-block-from-the-start': countryBlockFromTheStart,
  'country-firewall-all-along': countryFirewallAllAlong,
  'ddos-tool-answers-429': ddosToolAnswers429,
  'ddos-tool-resets-web-connections': ddosToolResetsWebConnections,
  'fail2ban-on-ssh': fail2banOnSsh,
  'forbidden-page-for-the-scanner': forbiddenPageForTheScanner,
  'full-queue-drops-everybody': fullQueueDropsEverybody,
  'guard-bans-all-ports': guardBansAllPorts,
  'half-of-the-connects-fail': halfOfTheConnectsFail,
  'host-accepts-everything': hostAcceptsEverything,
  'ips-bans-for-two-minutes': ipsBansForTwoMinutes,
  'loss-of-a-fifth': lossOfAFifth,
  'mail-gate-drops-the-scanner': mailGateDropsTheScanner,
  'no-sibling': noSibling,
  'no-witness': noWitness,
  'overload-ends-in-silence': overloadEndsInSilence,
  'overwhelmed-web-server': overwhelmedWebServer,
  'provider-forbids-scans': providerForbidsScans,
  'range-ban': rangeBan,
  'scanner-site-cut-off': scannerSiteCutOff,
  'scanner-vanished': scannerVanished,
  'service-stopped': serviceStopped,
  'ssh-max-startups': sshMaxStartups,
  'waf-refuses-the-scanner': wafRefusesTheScanner,
  'web-server-limits-the-scanner': webServerLimitsTheScanner,
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

  test('every claim can be followed to the observations that carry it', () => {
    const known = new Set(told.facts.runs.flatMap((run) => run.observations.map((o) => observationId(run.runId, o.n))))
    for (const port of told.judgement.ports)
      for (const { rule, supports, text, observations } of port.evidence) {
        const claim = `${port.port} ${rule}: ${text}`
        expect(
          observations.filter((id) => !known.has(id)),
          claim,
        ).toEqual([])
        if (supports) expect(observations.length, claim).toBeGreaterThan(0)
      }
  })

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

/**
 * The situations that scanners' help pages list (design.md, the promise), each from observations to the words the user
 * reads. `says`: what the owner must be told whatever the wording; the whole text is in words.txt.
 */
const SITUATIONS: Record<string, { story: string; says: readonly RegExp[] }> = {
  'a web application firewall': {
    story: 'waf-refuses-the-scanner',
    says: [/SecRule REMOTE_ADDR "@ipMatch 198\.51\.100\.7"/, /modsec_audit\.log/, /1 other port was reachable/],
  },
  'an IPS or IDS': {
    story: 'ips-bans-for-two-minutes',
    says: [/\/etc\/sshguard\/whitelist/, /WHITELIST_FILE/, /Answered again between/],
  },
  'mail protection': {
    story: 'mail-gate-drops-the-scanner',
    says: [/`198\.51\.100\.7\/32 permit`/, /postscreen_access_list/, /The greeting is a 5xx/],
  },
  'a DDoS tool that answers': {
    story: 'ddos-tool-answers-429',
    says: [/limit_req_zone/, /198\.51\.100\.7\/32 1;/, /scan more slowly/, /status 429/],
  },
  'a DDoS tool that resets': {
    story: 'ddos-tool-resets-web-connections',
    says: [/tcp-request connection accept if \{ src 198\.51\.100\.7 \}/, /clear table/, /scan more slowly/],
  },
  'a geo-IP firewall': {
    story: 'country-firewall-all-along',
    says: [/country rule/, /geofeed/, /open to others and never were to the scanner: not tested/],
  },
  'an overwhelmed target': {
    story: 'overwhelmed-web-server',
    says: [/workers, connections, memory/, /MaxRequestWorkers/, /scan more slowly/, /reachable for everyone/],
  },
  'a hosting provider': {
    story: 'provider-forbids-scans',
    says: [/written consent/, /we are responsible for 192\.0\.2\.9/, /198\.51\.100\.7/],
  },
  'Cloudflare with its two switches': {
    story: 'cloudflare-challenge',
    says: [/IP Access Rules/, /\(ip\.src in \{198\.51\.100\.7\}\)/, /Skip/, /Bot Fight Mode/, /before it: Cloudflare/],
  },
}

/** What the user reads of a story: the raw output without the tables of its rounds, and the allowlists on offer. */
function wordsOf({ facts, judgement }: Told): string {
  const output = renderOutput({ facts, judgement, target: 'shop.example', scannerLog: '' })
  const verdicts = output.slice(output.indexOf('== Verdicts'))
  const formats = judgement.ports.flatMap(({ port, remediation }) =>
    remediation && remediation.formats.length > 0
      ? [`Allowlists for port ${port}: ${remediation.formats.join(', ')}`]
      : [],
  )
  return `${[
    `Verdict: ${judgement.verdict}`,
    `Coverage: ${judgement.coverage?.statement}`,
    ...(judgement.waf ? [`What stands before it: ${judgement.waf.vendor} (${judgement.waf.evidence.join(', ')})`] : []),
    '',
    verdicts.trimEnd(),
    '',
    ...formats,
  ]
    .join('\n')
    .trimEnd()}\n`
}

describe.each(Object.entries(SITUATIONS))('%s', (_, { story: name, says }) => {
  const told = tell(STORIES[name] as Story)
  const words = wordsOf(told)

  test('is named, and the user reads why, what to do and what the scan missed', async () => {
    const cases = new URL(`./cases/${name}/`, import.meta.url)
    expect(gist(told.judgement)).toEqual(JSON.parse(readFileSync(new URL('verdict.json', cases), 'utf8')))
    const lost = told.judgement.ports.filter((port) => port.cause !== null)
    expect(lost.length).toBeGreaterThan(0)
    for (const { port, evidence, remediation } of lost) {
      expect(evidence.filter((line) => line.supports && line.text.length > 20).length).toBeGreaterThan(1)
      expect(remediation?.kinds).toEqual(expect.arrayContaining(['happened', 'confirm', 'change', 'then']))
      expect(told.judgement.coverage?.statement).toContain(String(port))
    }
    const unwrapped = words.replace(/\s+/g, ' ')
    for (const saying of says) expect(unwrapped).toMatch(saying)
    await expect(words).toMatchFileSnapshot(new URL('words.txt', cases).pathname)
  })
})
