/**
 * `npm run lab:loop [-- NAME… --keep]` (root): the whole loop against real defences. A scan is interfered with; the allowlist
 * that its issue offers goes in as it stands; `prove --stimulus` goes green from every address; the issue closes; the next
 * scan is clear.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { parseArgs } from 'node:util'
import type { IssueAnswer, ScanAnswer } from '../../schema/api.ts'
import type { ProofAnswer } from '../../schema/proofApi.ts'
import { closeWith, printTable } from '../bench/table.ts'
import { tryInstall } from './install.ts'
import { type Lane, openLane } from './lane.ts'
import { canMakeNamespaces, labName } from './namespaces.ts'
import { missingOf } from './needs.ts'
import { type Scenario, scenario } from './scenario.ts'
import { f2bSshdReject } from './scenarios/f2b-sshd-reject.ts'
import { nginxModsecSource } from './scenarios/nginx-modsec-source.ts'
import { type Standing, stand } from './standing.ts'

/** One defence, and how its owner puts the kit's text in: where the text says that it belongs, and what it says to run. */
interface Loop {
  scenario: Scenario
  format: string
  file: string
  apply: string
  /** a proof before the fix, which must go red; not where touches are rationed: it would wait for ten minutes more */
  redFirst: boolean
}

/** A rate limit in the table and chain that the kit's text is written for. */
const nftLimit = scenario({
  name: 'nft-limit',
  group: 'positive',
  tool: 'nftables: new connections of a source above 30 a minute, burst 30, are dropped',
  real: 'recipe',
  needs: ['nft'],
  ports: '80,443,1000-1050',
  profile: 'assertive',
  target: `
    listeners 80 443
    nft -f - <<N
table inet filter {
  set tries { type ipv4_addr; flags dynamic,timeout; timeout 60s; }
  chain input {
    type filter hook input priority 0; policy accept;
    iif lo accept
    ct state established,related accept
    ip protocol tcp ct state new update @tries { ip saddr limit rate over 30/minute burst 30 packets } counter drop
  }
}
N
  `,
  truth: {},
  expect: { ports: [80, 443], some: true, verdicts: ['degraded', 'interfered'], classes: [], mechanisms: [] },
})

const FAIL2BAN = 'fail2ban-client -s /run/fail2ban/f.sock'
const LOOPS: readonly Loop[] = [
  {
    scenario: f2bSshdReject,
    format: 'fail2ban',
    file: '/etc/fail2ban/jail.d/portwitness.local',
    apply: `${FAIL2BAN} reload && ${FAIL2BAN} unban $SCANNER`,
    redFirst: false,
  },
  {
    scenario: nftLimit,
    format: 'nftables',
    file: '/etc/nftables.d/portwitness.nft',
    apply: 'nft -c -f /etc/nftables.d/portwitness.nft && nft -f /etc/nftables.d/portwitness.nft',
    redFirst: true,
  },
  {
    // SSH counts touches, and is no part of what this defence does.
    scenario: { ...nginxModsecSource, ports: '80,1000-1005' },
    format: 'modsecurity3',
    file: '/etc/nginx/portwitness-modsecurity.conf',
    apply: `sed -i '1i Include /etc/nginx/portwitness-modsecurity.conf' /etc/nginx/lab-modsec.conf &&
      nginx -c /etc/nginx/lab.conf -t && nginx -c /etc/nginx/lab.conf -s reload && sleep 1`,
    redFirst: true,
  },
]

const HEAD = ['defence', 'scan', 'proof before', 'allowlist', 'proof', 'addresses', 'issue', 'next scan', 'seconds']
const SCAN_LIMIT_S = 420
/** SSH counts touches: after a scan the next one may have to wait for ten minutes. */
const PROOF_LIMIT_S = 1_200

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { keep: { type: 'boolean', default: false } },
})

interface Told {
  row: string[]
  short: string[]
}

async function main(): Promise<void> {
  const unknown = positionals.filter((name) => !LOOPS.some((loop) => loop.scenario.name === name))
  if (unknown.length > 0)
    throw new Error(`no loop ${unknown.join(', ')}: ${LOOPS.map((loop) => loop.scenario.name).join(', ')}`)
  tryInstall()
  process.env.PATH = `${process.env.PATH}${delimiter}/usr/sbin${delimiter}/sbin`
  const chosen = LOOPS.filter((loop) => positionals.length === 0 || positionals.includes(loop.scenario.name))
  const results = mkdtempSync(join(tmpdir(), 'portwitness-loop-'))
  if (values.keep) console.log(`results: ${results}`)
  // Side by side: most of the time is the ration of SSH.
  const told = await Promise.all(chosen.map((loop, i) => whole(loop, `${labName('pwloop')}-${i}`, results)))
  if (!values.keep) rmSync(results, { recursive: true, force: true })
  printTable(
    HEAD,
    told.map(({ row }) => row),
  )
  closeWith(
    'lab:loop',
    told.flatMap(({ short }) => short),
  )
}

async function whole(loop: Loop, name: string, results: string): Promise<Told> {
  const { scenario: what } = loop
  const started = performance.now()
  const said = (row: readonly string[], short: readonly string[]): Told => ({
    row: [
      what.name,
      ...row,
      ...Array.from({ length: HEAD.length - 2 - row.length }, () => ''),
      `${Math.round((performance.now() - started) / 1_000)}`,
    ],
    short: short.map((why) => `${what.name}: ${why}`),
  })
  const missing = missingOf(what)
  if (missing.length > 0) return said(['skipped'], [`not here: ${missing.join(', ')}`])
  const folder = join(results, what.name)
  mkdirSync(folder, { recursive: true })
  let lane: Lane | null = null
  let standing: Standing | null = null
  const row: string[] = []
  try {
    lane = await openLane(name, join(folder, 'product'))
    standing = await stand(lane.lab, what, { host: lane.nextHost(), loss: 0, folder, full: false })
    return said(row, await carryOut(loop, lane, standing, row, folder))
  } catch (error) {
    return said(row, [error instanceof Error ? error.message : String(error)])
  } finally {
    await standing?.down()
    await lane?.stop()
  }
}

/** Fills the row as it goes; answers what fell short. */
async function carryOut(loop: Loop, lane: Lane, standing: Standing, row: string[], folder: string): Promise<string[]> {
  const { product } = lane
  const { scenario: what } = loop
  const { target, scanner } = standing.stage
  const read = async <T>(path: string) => JSON.parse(await product.ask('GET', `/api/v1${path}`)) as T
  const scan = async (): Promise<ScanAnswer> => {
    const words = [
      '--profile',
      what.profile,
      '--ports',
      what.ports,
      '--scanner',
      scanner,
      '--timeout',
      `${SCAN_LIMIT_S}`,
    ]
    const {
      scan: ended,
      code,
      progress,
    } = await product.scan(target, words, { timeoutMs: (SCAN_LIMIT_S + 30) * 1_000 })
    if (!ended) throw new Error(`the scan ended with ${code}: ${progress.trim().split('\n').at(-1)}`)
    return ended
  }
  const first = await scan()
  writeFileSync(join(folder, 'scan.json'), JSON.stringify(first, null, 1))
  row.push(
    `${first.verdict} ${first.ports.flatMap(({ verdict, port }) => (verdict === 'open' ? [] : [port])).join(',')}`,
  )
  if (first.verdict !== 'interference') return [`the first scan is ${first.verdict}, not interference`]
  const issueOf = async (id?: string) =>
    id
      ? read<IssueAnswer>(`/issues/${id}`)
      : (await read<{ items: IssueAnswer[] }>(`/issues?targetId=${first.targetId}&state=open`)).items[0]
  const issue = await issueOf()
  if (!issue) return ['the scan opened no issue']

  const prove = async (file: string) => {
    const { proof, code, progress } = await product.prove(target, ['--stimulus', '--timeout', `${PROOF_LIMIT_S}`], {
      timeoutMs: (PROOF_LIMIT_S + 30) * 1_000,
    })
    if (!proof) throw new Error(`the proof ended with ${code}: ${progress.trim().split('\n').at(-1)}`)
    writeFileSync(join(folder, `${file}.json`), JSON.stringify(proof, null, 1))
    if (proof.output) writeFileSync(join(folder, `${file}.txt`), await product.ask('GET', proof.output.href))
    return { proof, code }
  }
  const before = loop.redFirst ? await prove('before') : null
  row.push(before ? `${before.proof.verdict}, exit ${before.code}` : 'not tried')
  if (before && before.proof.verdict !== 'not_proved')
    return [`the proof before the fix is ${before.proof.verdict}: ${before.proof.statement}`]

  const text = await product.ask('GET', `/api/v1/issues/${issue.id}/allowlist/${loop.format}`)
  writeFileSync(join(folder, 'allowlist.txt'), text)
  await standing.stage.onTarget(
    `mkdir -p "$(dirname ${loop.file})" && cat > ${loop.file} <<'PORTWITNESS'\n${text}\nPORTWITNESS\n${loop.apply}`,
  )
  row.push(loop.format)

  const { proof, code } = await prove('proof')
  row.push(`${proof.verdict}, exit ${code}`, matrixOf(proof))
  const closed = await issueOf(issue.id)
  row.push(`${closed?.state}${closed?.closedBy === proof.id ? ' by the proof' : ''}`)
  const next = await scan()
  row.push(next.verdict ?? next.state)
  return [
    ...(proof.verdict === 'proved' && code === 0
      ? []
      : [`the proof is ${proof.verdict}: ${proof.failing.slice(0, 3).join('; ')}`]),
    ...(closed?.state === 'closed' && closed.closedBy === proof.id ? [] : [`the issue is ${closed?.state}`]),
    ...(next.verdict === 'clear' ? [] : [`the next scan is ${next.verdict}`]),
  ]
}

const matrixOf = ({ sources }: ProofAnswer): string =>
  `${sources.filter(({ verdict }) => verdict === 'proved').length} of ${sources.length} pass`

if (!canMakeNamespaces()) console.log('lab:loop: skipped, network namespaces need root and iproute2')
else await main()
