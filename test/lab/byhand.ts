/**
 * `npm run lab:byhand` (root): the whole product by hand in network namespaces. The Worker runs in the router's, five probes
 * in four others (scanner and sibling share one prefix), the guarded demo host in a sixth. Every step is the command line.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { closeWith, printTable } from '../bench/table.ts'
import { canMakeNamespaces, labName, makeLab } from './namespaces.ts'
import { FLEET, FLEET_ROLES, firstLine, startProduct, stopAll } from './product.ts'

const MODES = [
  { options: [], exit: 3, verdict: 'interference' },
  { options: ['--no-guard'], exit: 0, verdict: 'clear' },
] as const

if (!canMakeNamespaces()) {
  console.log('lab:byhand: skipped, network namespaces need root and iproute2')
  process.exit(0)
}
const shortfalls: string[] = []
const rows: (string | number)[][] = []
for (const mode of MODES) await story(mode)
printTable(['demo host', 'verdict', 'exit', 'ports', 'seconds'], rows)
closeWith('lab:byhand', shortfalls)

async function story(mode: (typeof MODES)[number]): Promise<void> {
  const name = mode.options.join(' ') || 'guarded'
  const lab = makeLab(labName('pwhand'), [{ name: 'target', net: 0, hosts: [10] }, ...FLEET_ROLES])
  const data = mkdtempSync(join(tmpdir(), 'portwitness-lab-'))
  const demo = lab.start('target', [
    ...[process.execPath, '--disable-warning=ExperimentalWarning', 'demo/host.ts'],
    ...['--address', lab.address('target'), ...mode.options],
  ])
  let product: Awaited<ReturnType<typeof startProduct>> | null = null
  try {
    const { ports } = JSON.parse(await firstLine(demo, /^\{/)) as { ports: Record<string, number> }
    product = await startProduct(lab, {
      workerRole: 'router',
      host: lab.router('scan'),
      fleet: FLEET,
      data,
    })
    const asked = Object.values(ports).join(',')
    const words = ['--ports', asked, '--profile', 'assertive', '--site', 'fra-1']
    const { scan, code, seconds } = await product.scan(lab.address('target'), words)
    if (!scan) throw new Error(`the scan ended with ${code}`)
    const seen = scan.ports.map((port) =>
      `${port.port} ${port.verdict} ${port.strength ?? ''} ${port.cause?.mechanism ?? ''}`.trim(),
    )
    rows.push([name, scan.verdict ?? '', code ?? -1, seen.join(', '), Math.round(seconds)])
    if (scan.verdict !== mode.verdict || code !== mode.exit) shortfalls.push(`${name}: ${scan.verdict}, exit ${code}`)
    if (mode.verdict === 'interference') {
      for (const port of scan.ports)
        if (port.verdict !== 'interfered' || port.strength !== 'confirmed')
          shortfalls.push(`port ${port.port}: ${port.verdict} ${port.strength}`)
    }
  } finally {
    await product?.stop()
    await stopAll([demo])
    lab.remove()
    rmSync(data, { recursive: true, force: true })
  }
}
