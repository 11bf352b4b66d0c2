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
const isIn = (form: RegExp, text: string | undefined) => form.test(text ?? '')
const wrong = [
  !isIn(/^https?:\/\/[\w.:[\]-]+\/?$/, values.url) && '--url must be the address of the Worker, without a path.',
  !isIn(/^https:\/\/[\w.:/%~-]+$/, values['bundle-url']) &&
    '--bundle-url must be an https address of the one-file probe.',
  !isIn(/^[0-9a-f]{64}$/, values.sha256) && '--sha256 must be the digest of that file, 64 hexadecimal digits.',
  instances.length === 0 && '--probe is missing: NAME,ADDRESS,TOKEN for each address of the machine.',
  ...instances.flatMap(({ name, sourceAddress, token }, i) => [
    !isIn(/^[a-z0-9]{1,20}$/, name) && `--probe ${i + 1}: its name must be 1 to 20 of a-z and 0-9.`,
    !isIn(/^[0-9a-f.:]{2,45}$/i, sourceAddress) && `--probe ${i + 1}: its second part must be an IP address.`,
    !isIn(/^pwe_[0-9a-f]{64}$/, token) &&
      `--probe ${i + 1}: its third part must be a token from \`portwitness enrol\`.`,
  ]),
  new Set(instances.map(({ name }) => name)).size < instances.length && '--probe: each needs a name of its own.',
  !isIn(/^([0-9a-f.:]{2,45}(,\d{1,5}(-\d{1,5})?)+)?$/i, values.beacon) &&
    '--beacon must be an address and its ports: ADDRESS,25,80.',
].filter((text) => text !== false)
if (wrong.length > 0) {
  process.stderr.write(`${wrong.join('\n')}\n${USAGE}`)
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
