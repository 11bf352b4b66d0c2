import { type Kit, type Renderer, textsOf } from '../kit.ts'
import { yamlString } from '../label.ts'

/** A host name that may stand between back quotes; others leave the blank. */
const HOST = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/

export const traefik: Renderer = {
  title: 'Traefik 3, a router of its own without the middlewares that limit',
  file: 'portwitness.yml',
  type: 'text/plain',
  comment: '#',
  notes: () => ({
    where: [
      'keep it in the folder of the file provider, with your service in the place of YOUR-SERVICE',
      'where YOUR-HOST stands below, write the host of the router beside it',
      'name under middlewares those that must stay, and not the rateLimit, inFlightReq or ipAllowList that stops the scanner',
    ],
    check: ['the dashboard shows the router portwitness without errors'],
    undo: ['delete the file'],
    traps: [
      'behind another proxy set forwardedHeaders.trustedIPs and a depth, or ClientIP is the address of that proxy',
      'an ipAllowList shuts everybody else out; ipWhiteList is its old name',
      'entryPoints and tls must be those of the router beside it',
    ],
  }),
  body: (kit) => [
    'http:',
    '  routers:',
    '    portwitness:',
    `      rule: ${yamlString(`Host(\`${hostOf(kit) ?? 'YOUR-HOST'}\`) && (${clients(kit)})`)}`,
    '      priority: 100000',
    '      service: "YOUR-SERVICE"',
    '      middlewares: []',
  ],
  exclusiveNotes: () => ({
    where: [
      'keep it in the folder of the file provider, and name the middleware portwitness@file in the router to be shut',
    ],
  }),
  exclusive: (kit) => [
    'http:',
    '  middlewares:',
    '    portwitness:',
    '      ipAllowList:',
    '        sourceRange:',
    ...textsOf(kit.entries).map((text) => `          - ${yamlString(text)}`),
  ],
}

const clients = (kit: Kit): string =>
  textsOf(kit.entries)
    .map((text) => `ClientIP(\`${text}\`)`)
    .join(' || ')

function hostOf({ situation }: Kit): string | null {
  const host = situation?.target ?? ''
  return HOST.test(host) && /[a-z]/.test(host) ? host : null
}
