/** Messages that nobody should send, signed as they should be: each is refused with a 4xx, and leaves nothing behind. */
import { gzipSync } from 'node:zlib'
import type { LeasedRun } from '../../../schema/wire.ts'
import { openFleet, type Probe, type Tweak } from '../../worker/support/fleet.ts'
import { readKept } from '../audit/store.ts'
import { bundle } from '../build.ts'
import { type Drill, plain, type Row } from '../drill.ts'
import { openRig } from '../rig.ts'

const TIMES = 5
/** The connection was cut while a body still came that nobody wants: as good as 413. */
const CUT = 0
const MOST_GROWTH = 256 * 1024 * 1024
const BOMB_BYTES = 400 * 1024 * 1024

interface Bad {
  what: string
  body: unknown
  tweak?: Partial<Tweak>
  by?: Probe
  expects: readonly number[]
}

export const malformedDrill: Drill = {
  name: 'malformed',
  async run({ quick }) {
    await using rig = await openRig(await bundle())
    const fleet = await openFleet(rig.door())
    for (const probe of fleet) await probe.lease()
    const target = await rig.api.send<{ id: string }>('POST', '/api/v1/targets', {
      address: '127.45.0.9',
      ports: '22,80',
    })
    await rig.api.send('POST', '/api/v1/scans', { targetId: target.id, site: 'fra-1' })
    const held: { probe: Probe; run: LeasedRun }[] = []
    for (const probe of fleet) for (const run of (await probe.lease()).runs) held.push({ probe, run })
    const scanner = held.find(({ run }) => run.kind === 'scan')
    const onlooker = held.find(({ run }) => run.kind === 'baseline')
    const stranger = fleet.find((probe) => probe !== scanner?.probe)
    if (!scanner || !onlooker || !stranger) return [plain('malformed messages', 0, '', ['no runs were leased'])]

    const report = (run: LeasedRun, more: object = {}) => ({
      ...{ runId: run.runId, epoch: run.epoch, seq: 1, observations: [], spans: [], found: [] },
      ...more,
    })
    const seen = (address: string, port: number) => ({
      ...{ n: 1, purpose: 'watch', check: 'tcp', address, port },
      ...{ sight: 'open', at: Date.now(), afterMs: 1 },
    })
    const bomb = gzipSync(Buffer.alloc(quick ? BOMB_BYTES / 10 : BOMB_BYTES, ' '))
    const raw = (text: string | Uint8Array<ArrayBuffer>, headers = {}): Partial<Tweak> => ({ raw: text, headers })
    const { run } = scanner
    const bad: Bad[] = [
      { what: 'no JSON', body: null, tweak: raw('{"runId":'), expects: [400] },
      {
        what: 'invalid UTF-8',
        body: null,
        tweak: raw(new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])),
        expects: [400, 422],
      },
      {
        what: 'nested 100,000 deep',
        body: null,
        tweak: raw('['.repeat(100_000) + ']'.repeat(100_000)),
        expects: [400],
      },
      {
        what: 'oversize',
        body: null,
        tweak: raw(JSON.stringify({ x: 'x'.repeat(5 * 1024 * 1024) })),
        expects: [413, CUT],
      },
      {
        what: 'gzip bomb',
        body: null,
        tweak: raw(new Uint8Array(bomb), { 'content-encoding': 'gzip' }),
        expects: [413, 415, CUT],
      },
      { what: 'run of another probe', body: report(run), by: stranger, expects: [410] },
      { what: 'run of nobody', body: report({ ...run, runId: 'run_ABCDEFGHIJ0123456789' }), expects: [410] },
      { what: 'epoch to come', body: report({ ...run, epoch: run.epoch + 1 }), expects: [410] },
      { what: 'port outside the plan', body: report(run, { observations: [seen('127.45.0.9', 23)] }), expects: [422] },
      {
        what: 'address outside the plan',
        body: report(run, { observations: [seen('127.45.0.10', 22)] }),
        expects: [422],
      },
      { what: 'port 65536', body: report(run, { observations: [seen('127.45.0.9', 65_536)] }), expects: [422] },
      {
        what: 'too many observations',
        body: report(run, { observations: Array.from({ length: 2_001 }, () => seen('127.45.0.9', 22)) }),
        expects: [422],
      },
      {
        what: 'an onlooker that found a port',
        by: onlooker.probe,
        body: report(onlooker.run, {
          found: [{ address: '127.45.0.9', port: 22, check: 'tcp', service: 'ssh', firstSeenOpenAt: Date.now() }],
        }),
        expects: [422],
      },
      { what: 'unknown field', body: { ...report(run), verdict: 'clear' }, expects: [422] },
      { what: 'wrong address', body: report(run), tweak: { from: '127.0.9.9' }, expects: [401] },
      {
        what: 'false signature',
        body: report(run),
        tweak: { sign: (text) => `${text[0] === 'A' ? 'B' : 'A'}${text.slice(1)}` },
        expects: [401],
      },
      { what: 'an hour early', body: report(run), tweak: { time: Date.now() - 3_600_000 }, expects: [401] },
      { what: 'an hour late', body: report(run), tweak: { time: Date.now() + 3_600_000 }, expects: [401] },
    ]
    const before = rig.memory()
    const rows: Row[] = []
    for (const { what, body, tweak, by, expects } of bad) {
      const answers = new Set<number>()
      for (let i = 0; i < TIMES; i++)
        for (const path of ['renew', 'result', 'alarm']) {
          const more = path === 'result' ? { outcome: 'done' } : path === 'alarm' ? { lost: [] } : {}
          const whole = body === null ? null : { ...(body as object), ...more }
          const said = (by ?? scanner.probe).say(path, whole, tweak)
          answers.add(
            await said.then(
              ({ status }) => status,
              () => CUT,
            ),
          )
        }
      const wrong = [...answers].filter((status) => !expects.includes(status))
      const short = wrong.length > 0 ? [`answered ${wrong.join(', ')}, expected ${expects.join(' or ')}`] : []
      rows.push(plain(`malformed: ${what}`, TIMES * 3, [...answers].join(', '), short))
    }
    const grown = rig.memory() - before
    const { facts } = readKept(rig.data)
    const good = await scanner.probe.say('renew', report(run, { observations: [seen('127.45.0.9', 22)] }))
    rows.push(
      plain(
        'malformed: what is left of it',
        rows.length,
        `${facts.length} rows, ${Math.round(grown / 2 ** 20)} MB more`,
        [
          ...(facts.length > 0 ? [`${facts.length} rows were stored`] : []),
          ...(grown > MOST_GROWTH ? [`workerd grew by ${Math.round(grown / 2 ** 20)} MB`] : []),
          ...(good.status === 200 ? [] : [`a good report was answered ${good.status} afterwards`]),
        ],
      ),
    )
    return rows
  },
}
