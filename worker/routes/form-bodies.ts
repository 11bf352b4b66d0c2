/** What the fields of our forms ask of the API. A field that is left empty asks nothing; what is wrong the shapes tell. */

const given = (form: URLSearchParams, name: string): string | undefined => {
  const value = form.get(name)?.trim()
  return value === undefined || value === '' ? undefined : value
}
/** What is no number stays as it is, for the shape to say so. */
const numberIn = (form: URLSearchParams, name: string): number | string | undefined => {
  const value = given(form, name)
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : value
}
const flagIn = (form: URLSearchParams, name: string): boolean | undefined =>
  given(form, name) === undefined ? undefined : given(form, name) === 'yes'
/** A day stands for its last moment: what ends on it holds all day. */
const endOf = (form: URLSearchParams, name: string): string | undefined => {
  const day = given(form, name)
  return day !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(day) ? `${day}T23:59:59Z` : day
}
const startOf = (form: URLSearchParams, name: string): string | undefined => {
  const day = given(form, name)
  return day !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(day) ? `${day}T00:00:00Z` : day
}

export const nothingIn = () => ({})

export const enrolmentIn = (form: URLSearchParams) => ({
  site: given(form, 'site') ?? '',
  sourceAddress: given(form, 'sourceAddress') ?? '',
  country: given(form, 'country')?.toUpperCase(),
  provider: given(form, 'provider'),
  asn: numberIn(form, 'asn'),
  rangeActive: flagIn(form, 'rangeActive'),
})
export const probeChangeIn = (form: URLSearchParams) => ({
  drained: flagIn(form, 'drained'),
  quarantined: flagIn(form, 'quarantined'),
})
export const endpointIn = (form: URLSearchParams) => ({
  address: given(form, 'address') ?? '',
  port: numberIn(form, 'port') ?? '',
})
export const canaryIn = (form: URLSearchParams) => ({ ...endpointIn(form), expect: given(form, 'expect') ?? '' })
export const switchIn = (form: URLSearchParams) => ({ stopped: flagIn(form, 'stopped') })
export const optOutIn = (form: URLSearchParams) => ({ cidr: given(form, 'cidr') ?? '', note: given(form, 'note') })
export const letterIn = (form: URLSearchParams) => ({
  tenantId: given(form, 'tenantId') ?? '',
  cidr: given(form, 'cidr') ?? '',
  signedBy: given(form, 'signedBy') ?? '',
  signedAt: startOf(form, 'signedAt') ?? '',
  expiresAt: endOf(form, 'expiresAt') ?? '',
  sha256: given(form, 'sha256')?.toLowerCase() ?? '',
  note: given(form, 'note'),
})
export const keyIn = (form: URLSearchParams) => ({
  name: given(form, 'name') ?? '',
  scope: given(form, 'scope') ?? '',
  expiresAt: endOf(form, 'expiresAt'),
})
export const nameIn = (form: URLSearchParams) => ({ name: given(form, 'name') ?? '' })
export const retentionIn = (form: URLSearchParams) => ({
  factsDays: numberIn(form, 'factsDays'),
  rawDays: numberIn(form, 'rawDays'),
  deliveriesDays: numberIn(form, 'deliveriesDays'),
})
const DAY_SECONDS = 86_400
export const rotationIn = (form: URLSearchParams) => {
  const days = numberIn(form, 'overlapDays')
  return { overlapSeconds: typeof days === 'number' ? days * DAY_SECONDS : days }
}

// ---------------------------------------------------------------- channels

/** The settings that a channel's form always shows, all of them: what is left empty there is off. */
const wishesIn = (form: URLSearchParams) => {
  const from = given(form, 'quietFrom')
  const to = given(form, 'quietTo')
  const everyDays = numberIn(form, 'remindEveryDays')
  return {
    // None ticked is none, never the usual ones.
    events: form.getAll('events'),
    filters: {
      severity: given(form, 'severity') ?? null,
      causeClass: form.getAll('causeClass'),
      targetTags: (given(form, 'targetTags') ?? '')
        .split(',')
        .map((tag) => tag.trim())
        .filter((tag) => tag !== ''),
    },
    quietHours:
      from === undefined && to === undefined
        ? null
        : {
            from: from ?? '',
            to: to ?? '',
            timezone: given(form, 'timezone') ?? 'UTC',
            unless: given(form, 'quietUnless') ?? null,
          },
    reminders: everyDays === undefined ? null : { everyDays, atMost: numberIn(form, 'remindAtMost') },
  }
}
export const channelIn = (form: URLSearchParams) => ({
  kind: given(form, 'kind') ?? '',
  name: given(form, 'name') ?? '',
  url: given(form, 'url') ?? '',
  secret: given(form, 'secret'),
  ...wishesIn(form),
})
/** One form of a channel changes one thing: whether it is on, where it leads, its secret, or what it is told. */
export const channelChangeIn = (form: URLSearchParams) => {
  const state = given(form, 'state')
  if (state !== undefined) return { state }
  if (form.get('rotateSecret') === 'yes')
    return { rotateSecret: true, keepOldSecretHours: numberIn(form, 'keepOldSecretHours') }
  if (form.has('url')) return { url: given(form, 'url'), secret: given(form, 'secret') }
  return { name: given(form, 'name'), ...wishesIn(form) }
}
