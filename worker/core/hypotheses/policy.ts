import type { Hypothesis } from '../hypothesis.ts'

const ban = { slow: { blocked: 0.98, passes: 0.02 }, onset: { during: 0.9, before: 0.1 } } as const

/** Static rules, and the provider's. */
export const POLICY: readonly Hypothesis[] = [
  // firewall_policy: static
  {
    class: 'firewall_policy',
    mechanism: 'geo_policy',
    prior: 5,
    expects: {
      mode: { silent: 0.75, refused: 0.12, unreachable: 0.06, page: 0.04 },
      who: { range: 0.9, partial: 0.06, scanner: 0.03 },
      area: { all: 0.55, some: 0.2, one: 0.15, web: 0.1 },
      country: { fails: 0.97, reaches: 0.03 },
      onset: { before: 0.9, during: 0.1 },
      slow: { blocked: 0.99 },
    },
  },
  {
    class: 'firewall_policy',
    mechanism: 'reputation_list',
    prior: 2,
    expects: {
      mode: { silent: 0.7, page: 0.15, refused: 0.1 },
      who: { range: 0.45, scanner: 0.5 },
      country: { fails: 0.25, reaches: 0.75 },
      onset: { before: 0.9, during: 0.1 },
      slow: { blocked: 0.99 },
    },
  },
  {
    class: 'firewall_policy',
    mechanism: 'acl_change',
    prior: 1,
    expects: {
      mode: { silent: 0.85, refused: 0.08, unreachable: 0.06 },
      who: { all: 0.7, scanner: 0.1, range: 0.15 },
      area: { all: 0.4, some: 0.25, one: 0.2, web: 0.15 },
      onset: { during: 0.6, before: 0.4 },
      slow: { blocked: 0.99 },
    },
  },
  // hosting_provider
  {
    class: 'hosting_provider',
    mechanism: 'null_route',
    prior: 1,
    expects: {
      ...ban,
      mode: { silent: 0.85, unreachable: 0.14 },
      who: { all: 0.6, scanner: 0.35 },
      area: { all: 0.98 },
      neighbour: { answers: 0.6, lost: 0.4 },
    },
  },
  {
    class: 'hosting_provider',
    mechanism: 'provider_block',
    prior: 1,
    expects: {
      ...ban,
      mode: { silent: 0.9 },
      who: { scanner: 0.6, range: 0.35 },
      area: { all: 0.98 },
      neighbour: { lost: 0.95, answers: 0.05 },
      platform: { managed: 0.75, none: 0.25 },
    },
  },
]
