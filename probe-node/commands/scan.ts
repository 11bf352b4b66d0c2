import type { ProbeAnswer, ScanAnswer, TargetAnswer } from '../../schema/api.ts'
import { parsePorts } from '../../schema/ports.ts'
import { printable } from '../../schema/terminal.ts'
import { PROFILES } from '../../schema/words.ts'
import { type Api, openApi } from './api.ts'
import { type Command, usageError } from './command.ts'
import { parse, REACH, reach, wholeNumber } from './options.ts'
import { exitOf, WATCH, WATCH_HELP, watchToEnd, watchWish } from './watch.ts'

const OPTIONS = {
  ...REACH,
  ...WATCH,
  ports: { type: 'string' },
  profile: { type: 'string' },
  accompany: { type: 'string' },
  site: { type: 'string' },
  scanner: { type: 'string' },
  rate: { type: 'string' },
} as const

export const scan: Command = {
  summary: 'scan an address and say whether the scan was interfered with',
  usage: `portwitness scan ADDRESS [options]

  --ports LIST              ports in nmap syntax: 22,80,8000-8100, 1-65535,
                            top-1000 (default: those of the target;
                            of a new one top-1000)
  --profile P               ${PROFILES.slice(0, -1).join(', ')}
                            or ${PROFILES.at(-1)} (default: that of the target;
                            of a new one standard)
  --accompany SECONDS       watch for so long while another scanner works from
                            the same address
  --site S                  scan from this site
  --scanner PROBE|ADDRESS   scan from this very probe, by id or source address
  --rate N                  at most N connects a second (default: that of the
                            target; of a new one 300)
${WATCH_HELP}`,
  async run(args) {
    const wish = wishOf(args)
    const api = openApi(wish.reach)
    const targetId = await targetFor(api, wish)
    const scannerProbeId = wish.scanner ? await probeFor(api, wish.scanner) : undefined
    const { site, ports, profile, accompanySeconds } = wish
    const accepted = await api.send<ScanAnswer>('POST', '/api/v1/scans', {
      targetId,
      ports,
      profile,
      accompanySeconds,
      site,
      scannerProbeId,
    })
    const title = `Scan ${accepted.id} of ${printable(wish.address, 253)}`
    const accompany = accompanySeconds !== undefined
    return exitOf(await watchToEnd(api, accepted, { title, accompany, wish: wish.watch }), wish.watch)
  },
}

type Wish = ReturnType<typeof wishOf>

function wishOf(args: string[]) {
  const { values, positionals } = parse(args, OPTIONS, 1)
  const [address] = positionals
  if (!address) throw usageError('which address? portwitness scan ADDRESS')
  const ports = values.ports === undefined ? undefined : parsePorts(values.ports)
  if (ports && 'error' in ports) throw usageError(`--ports: ${ports.error}`)
  const accompanySeconds = wholeNumber(values.accompany, 'accompany', 5, 86_400)
  const profile = PROFILES.find((it) => it === values.profile)
  if (values.profile !== undefined && !profile) throw usageError(`--profile must be one of ${PROFILES.join(', ')}.`)
  if (accompanySeconds !== undefined && profile && profile !== 'accompany')
    throw usageError('--accompany goes with no other profile.')
  return {
    reach: reach(values),
    address,
    ports: values.ports,
    profile: accompanySeconds === undefined ? profile : ('accompany' as const),
    accompanySeconds,
    site: values.site,
    scanner: values.scanner,
    rate: wholeNumber(values.rate, 'rate', 1, 200_000),
    watch: watchWish(values),
  }
}

/** The target of this address: an existing one, with the wished rate, or a new one. */
async function targetFor(api: Api, { address, ports, rate }: Wish): Promise<string> {
  const query = new URLSearchParams({ address })
  const { items } = await api.get<{ items: TargetAnswer[] }>(`/api/v1/targets?${query}`)
  const [known] = items
  if (!known) {
    return (await api.send<TargetAnswer>('POST', '/api/v1/targets', { address, ports, maxConnectsPerSecond: rate })).id
  }
  if (rate !== undefined && rate !== known.maxConnectsPerSecond) {
    await api.send('PATCH', `/api/v1/targets/${known.id}`, { maxConnectsPerSecond: rate })
  }
  return known.id
}

async function probeFor(api: Api, scanner: string): Promise<string> {
  if (scanner.startsWith('prb_')) return scanner
  const { items } = await api.get<{ items: ProbeAnswer[] }>('/api/v1/probes')
  const probe = items.find((it) => it.sourceAddress === scanner)
  if (!probe) throw usageError(`--scanner: no probe has the source address ${printable(scanner, 60)}.`)
  return probe.id
}
