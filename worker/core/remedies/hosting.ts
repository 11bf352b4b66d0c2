import type { RemediesOf, Remedy, RemedyFor, Scene } from './remedy.ts'

/** The request for consent, filled in: to be sent as it stands. */
const letter = ({ source, target, port, when }: Scene): readonly string[] => [
  `“To your abuse and network security team: we are responsible for ${target} on your network and ask for your written consent to vulnerability scans of it. They come from ${source} and the published ranges enclosed.`,
  `They open TCP connections, read greetings and make web requests, at a limited rate, without denial of service, against this address only. Our last scan was cut off at port ${port}${when}.`,
  'Please confirm that these addresses may reach ours, from when to when, that you do not filter or null-route them or us for it, and whom to call if anything goes wrong. We stop at your word.”',
]
const shared = {
  undo: 'ask the provider to withdraw the exemption; on the host nothing was changed.',
  limit: 'Some providers forbid scans, or allow them only after consent. Until you have it, do not scan again.',
  formats: ['csv', 'plain'],
} as const satisfies Partial<Remedy>

export const HOSTING: RemediesOf<'hosting_provider'> = {
  null_route: (scene) => ({
    title: 'Ask the hosting provider to lift the null route',
    happened: `The provider’s network discards the packets between ${scene.source} and ${scene.target}.`,
    confirm: `\`tcpdump -ni any host ${scene.source}\` on the host during a retest: no packet arrives. Look for a notice of the provider about traffic or abuse${scene.near}.`,
    change: ['Open a ticket, ask for the route to be lifted, and send the letter below with the list of ranges.'],
    letter: letter(scene),
    ...shared,
  }),
  provider_block: (scene) => ({
    title: 'Get the hosting provider’s consent to the scan',
    happened: `The hosting provider’s own protection blocks ${scene.source} before it reaches ${scene.target}.`,
    confirm: `\`tcpdump -ni any host ${scene.source}\` on the host during a retest: no packet arrives, and nothing on the host blocks it. On managed hosting ask support for the block${scene.near}.`,
    change: ['Send the letter below with the list of ranges, and scan when the consent is there.'],
    letter: letter(scene),
    ...shared,
  }),
}

export const anyProvider: RemedyFor = HOSTING.provider_block
