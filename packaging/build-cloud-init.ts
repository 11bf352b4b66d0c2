/** `npm run build:cloud-init -- …`: user-data for one VM on stdout. */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { userData } from './cloud-init.ts'

const USAGE = `usage: npm run --silent build:cloud-init -- --url WORKER --bundle-url URL --sha256 DIGEST
         --probe NAME,ADDRESS,TOKEN … [--beacon ADDRESS,25,80…] [--allow-private]
`
const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    'bundle-url': { type: 'string' },
    sha256: { type: 'string' },
    probe: { type: 'string', multiple: true, default: [] },
    beacon: { type: 'string' },
    'allow-private': { type: 'boolean', default: false },
  },
})
const instances = values.probe.map((text) => {
  const [name = '', sourceAddress = '', token = ''] = text.split(',')
  return { name, sourceAddress, token }
})
// All of it ends up in a script that root runs.
const isSound =
  /^https?:\/\/[\w.:[\]-]+\/?$/.test(values.url ?? '') &&
  /^https:\/\/[\w.:/%~-]+$/.test(values['bundle-url'] ?? '') &&
  /^[0-9a-f]{64}$/.test(values.sha256 ?? '') &&
  instances.length > 0 &&
  instances.every(
    (it) =>
      /^[a-z0-9]{1,20}$/.test(it.name) &&
      /^[0-9a-f.:]{2,45}$/i.test(it.sourceAddress) &&
      /^pwe_[0-9a-f]{64}$/.test(it.token),
  ) &&
  new Set(instances.map(({ name }) => name)).size === instances.length &&
  /^([0-9a-f.:]{2,45}(,\d{1,5}(-\d{1,5})?)+)?$/i.test(values.beacon ?? '')
if (!isSound) {
  process.stderr.write(USAGE)
  process.exit(2)
}
const [host = '', ...ports] = (values.beacon ?? '').split(',')
process.stdout.write(
  await userData(fileURLToPath(new URL('..', import.meta.url)), {
    workerUrl: values.url ?? '',
    bundle: { url: values['bundle-url'] ?? '', sha256: values.sha256 ?? '' },
    instances,
    allowPrivate: values['allow-private'],
    ...(values.beacon ? { beacon: { host, ports: ports.join(',') } } : {}),
  }),
)
