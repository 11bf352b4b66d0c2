/**
 * User-data for cloud-init that turns a new VM into enrolled probes: Node, the bundle with its digest checked, the systemd units,
 * one instance for each address, and the upgrade script. It holds one-use tokens, so it is made for one VM and not kept.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

export interface Instance {
  /** of the unit: portwitness-probe@NAME */
  name: string
  sourceAddress: string
  /** one-use, bound to the address; it lives for 15 minutes, so the VM must be started soon */
  token: string
}

export interface Machine {
  workerUrl: string
  bundle: { url: string; sha256: string }
  instances: readonly Instance[]
  /** listeners for the other probes, such as `25,80`; none when left out */
  beacon?: { host: string; ports: string }
  allowPrivate?: boolean
}

/** The first port of the metrics, on 127.0.0.1; each further instance has the next. */
const METRICS_PORT = 9_431

/** The whole text. `root` is the folder of the repository. */
export async function userData(root: string, machine: Machine): Promise<string> {
  const ours = (name: string) => readFile(join(root, 'packaging', name), 'utf8')
  const files: File[] = [
    { path: '/etc/systemd/system/portwitness-probe@.service', text: await ours('systemd/portwitness-probe@.service') },
    {
      path: '/etc/systemd/system/portwitness-beacon@.service',
      text: await ours('systemd/portwitness-beacon@.service'),
    },
    { path: '/usr/local/sbin/portwitness-upgrade', text: await ours('portwitness-upgrade'), mode: '0755' },
    { path: '/usr/local/sbin/portwitness-first', text: first(machine), mode: '0700' },
    { path: '/etc/sysctl.d/60-portwitness.conf', text: await ours('sysctl.conf') },
    ...machine.instances.map((instance, i) => ({
      path: `/etc/portwitness/${instance.name}.env`,
      text: environment(machine, instance, METRICS_PORT + i),
      mode: '0600',
    })),
    ...(machine.beacon
      ? [
          {
            path: '/etc/portwitness/beacon-a.env',
            text: `BEACON_HOST=${machine.beacon.host}\nBEACON_PORTS=${machine.beacon.ports}\n`,
            mode: '0600',
          },
        ]
      : []),
  ]
  return [
    '#cloud-config',
    '# A Portwitness probe machine. Needs an image whose nodejs is 20.16 or newer, such as Debian 13; made for one machine: the',
    '# tokens in it are good once. What it does is in docs/deploy.md.',
    'package_update: true',
    'packages: [nodejs, ca-certificates, curl]',
    'write_files:',
    ...files.flatMap(({ path, text, mode = '0644' }) => [
      `  - path: ${path}`,
      `    permissions: '${mode}'`,
      '    owner: root:root',
      '    encoding: gz+b64',
      `    content: ${gzipSync(text, { level: 9 }).toString('base64')}`,
    ]),
    'runcmd:',
    '  - [sysctl, --system]',
    '  - [/usr/local/sbin/portwitness-first]',
    '',
  ].join('\n')
}

interface File {
  path: string
  text: string
  mode?: string
}

const environment = ({ workerUrl, allowPrivate }: Machine, { sourceAddress, token }: Instance, port: number): string =>
  [
    `PORTWITNESS_URL=${workerUrl}`,
    `SOURCE_ADDRESS=${sourceAddress}`,
    `METRICS_PORT=${port}`,
    `PORTWITNESS_TOKEN=${token}`,
    `PROBE_OPTIONS=${allowPrivate ? '--allow-private' : ''}`,
    '',
  ].join('\n')

/** Enables the units first, so that the upgrade script has something to restart; it puts the bundle where they look for it. */
const first = ({ bundle, instances, beacon }: Machine): string =>
  [
    '#!/bin/sh',
    'set -eu',
    'version=$(/usr/bin/node --version)',
    `/usr/bin/node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 16) ? 0 : 1)' ||`,
    '  { echo "portwitness: the nodejs of this image is $version; 20.16 or newer is needed." >&2; exit 1; }',
    'folder=$(mktemp -d)',
    `curl --fail --silent --show-error --location --retry 5 --output "$folder/portwitness-probe.mjs" '${bundle.url}'`,
    'systemctl daemon-reload',
    ...instances.map(({ name }) => `systemctl enable portwitness-probe@${name}`),
    `/usr/local/sbin/portwitness-upgrade "$folder/portwitness-probe.mjs" ${bundle.sha256}`,
    // Spent: the key in the state folder is what counts from now on.
    "sed -i '/^PORTWITNESS_TOKEN=/d' /etc/portwitness/*.env",
    ...(beacon ? ['systemctl enable --now portwitness-beacon@a'] : []),
    'rm -rf "$folder"',
    '',
  ].join('\n')
