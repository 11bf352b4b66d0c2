/** A target is added, or changed: one form for both. What was wrong stands beside its field, and nothing typed is lost. */
import type { Child } from 'hono/jsx'
import { PROFILES, type Profile } from '../../schema/words.ts'
import { cronWords } from '../core/cronWords.ts'
import { Page } from './layout.tsx'
import type { Frame } from './views.ts'

/** As typed. */
export type Typed = Readonly<
  Record<
    'address' | 'name' | 'ports' | 'profile' | 'schedule' | 'timezone' | 'sites' | 'tags' | 'maxConnectsPerSecond',
    string
  >
>
export interface Fault {
  field: string
  detail: string
}

export const BLANK: Typed = {
  address: '',
  name: '',
  ports: 'top-1000',
  profile: 'standard',
  schedule: '',
  timezone: 'UTC',
  sites: '',
  tags: '',
  maxConnectsPerSecond: '300',
}

const PROFILE: Record<Profile, string> = {
  discovery: 'discovery: finds open ports, and no more',
  standard: 'standard: greeting, TLS and one plain request to each open port',
  assertive: 'assertive: as a vulnerability scanner works, with harmless attack-shaped requests',
  accompany: 'accompany: watches while another scanner works',
}
/** A target without further ado is not accompanied: that is asked for scan by scan. */
const OFFERED = PROFILES.filter((profile) => profile !== 'accompany')

const SCHEDULES = ['0 3 * * *', '30 2 * * 1', '0 22 * * 1-5', '0 4 1 * *', '0 */6 * * *']
const ZONES = [
  ...['UTC', 'Europe/Berlin', 'Europe/London', 'Europe/Paris', 'Europe/Madrid', 'Europe/Warsaw', 'Europe/Kyiv'],
  ...[
    'America/New_York',
    'America/Chicago',
    'America/Denver',
    'America/Los_Angeles',
    'America/Sao_Paulo',
    'America/Toronto',
  ],
  ...[
    'Asia/Dubai',
    'Asia/Kolkata',
    'Asia/Singapore',
    'Asia/Shanghai',
    'Asia/Tokyo',
    'Australia/Sydney',
    'Africa/Johannesburg',
  ],
]

interface FormProps {
  frame: Frame
  typed: Typed
  faults: readonly Fault[]
}

export const NewTargetPage = ({ frame, typed, faults }: FormProps) => (
  <Page title="Add a target" frame={frame}>
    <p class="crumb">
      <a href="/targets">Targets</a>
    </p>
    <h1>Add a target</h1>
    <p class="measure">
      A public address is scanned only when you have proved that it is yours: its page says how, once it is added.
    </p>
    {frame.mayWrite ? (
      <Form action="/api/v1/targets" submit="Add the target" typed={typed} faults={faults} isNew />
    ) : (
      <p class="none">A key of scope write can add targets.</p>
    )}
  </Page>
)

export const EditTargetPage = ({ frame, id, name, typed, faults }: FormProps & { id: string; name: string }) => (
  <Page title={`Change ${name}`} frame={frame}>
    <p class="crumb">
      <a href="/targets">Targets</a> / <a href={`/targets/${id}`}>{name}</a>
    </p>
    <h1>Change {name}</h1>
    {frame.mayWrite ? (
      <>
        <Form action={`/api/v1/targets/${id}?method=PATCH`} submit="Save" typed={typed} faults={faults} isNew={false} />
        <section aria-labelledby="remove">
          <h2 id="remove">Remove it</h2>
          <p class="measure">
            What runs against it stops, and it is scanned no more. What was found stays readable, and its badge goes
            dark.
          </p>
          <details>
            <summary>Remove {name}</summary>
            <form class="actions" method="post" action={`/api/v1/targets/${id}?method=DELETE`}>
              <button type="submit" class="danger">
                Yes, remove it
              </button>
              <a href={`/targets/${id}`}>No, keep it</a>
            </form>
          </details>
        </section>
      </>
    ) : (
      <p class="none">A key of scope write can change targets.</p>
    )}
  </Page>
)

interface Fields {
  action: string
  submit: string
  typed: Typed
  faults: readonly Fault[]
  isNew: boolean
}

const Form = ({ action, submit, typed, faults, isNew }: Fields) => {
  const faultOf = (field: string) =>
    faults.find((one) => one.field === field || one.field.startsWith(`${field}.`))?.detail
  const common = (name: keyof Typed) => ({
    id: `target-${name}`,
    name,
    value: typed[name],
    'aria-invalid': faultOf(name) === undefined ? undefined : ('true' as const),
    'aria-describedby': `target-${name}-hint`,
    spellcheck: false,
  })
  const stray = faults.filter(({ field }) => !Object.keys(BLANK).includes(field.split('.')[0] ?? ''))
  return (
    <form class="fields" method="post" action={action}>
      {faults.length > 0 && (
        <div class="alarm" role="alert">
          {faults.length === 1 ? 'One field is not acceptable.' : `${faults.length} fields are not acceptable.`} Nothing
          was saved.
          {stray.map(({ detail }) => (
            <p>{detail}</p>
          ))}
        </div>
      )}
      {isNew && (
        <Field
          name="address"
          label="Address or name"
          fault={faultOf('address')}
          hint="One IP address, such as 203.0.113.9, or a host name. It cannot be changed later."
        >
          <input
            {...common('address')}
            required
            maxlength={253}
            autocapitalize="none"
            autocomplete="off"
            placeholder="203.0.113.9"
          />
        </Field>
      )}
      <Field
        name="name"
        label="What you call it"
        fault={faultOf('name')}
        hint="Shown in lists and notices. Empty: its address."
      >
        <input {...common('name')} maxlength={200} autocomplete="off" />
      </Field>
      <Field
        name="ports"
        label="Ports"
        fault={faultOf('ports')}
        hint={
          <>
            As nmap writes them: <code>22,80,443</code>, <code>1-65535</code>, or <code>top-1000</code>.
          </>
        }
      >
        <input {...common('ports')} maxlength={3000} autocomplete="off" />
      </Field>
      <Field name="profile" label="Profile" fault={faultOf('profile')} hint="What is done to the ports that are open.">
        <select id="target-profile" name="profile" aria-describedby="target-profile-hint">
          {OFFERED.map((profile) => (
            <option value={profile} selected={typed.profile === profile}>
              {PROFILE[profile]}
            </option>
          ))}
          {typed.profile === 'accompany' && (
            <option value="accompany" selected>
              {PROFILE.accompany}
            </option>
          )}
        </select>
      </Field>
      <Field
        name="schedule"
        label="Schedule"
        fault={faultOf('schedule')}
        hint={
          <>
            A cron expression of five fields; empty: only when asked. For example{' '}
            {SCHEDULES.map((one, i) => (
              <>
                {i > 0 && '; '}
                <code>{one}</code> {cronWords(one)}
              </>
            ))}
            .
          </>
        }
      >
        <input {...common('schedule')} maxlength={100} list="schedules" autocomplete="off" />
        <datalist id="schedules">
          {SCHEDULES.map((one) => (
            <option value={one}>{cronWords(one)}</option>
          ))}
        </datalist>
      </Field>
      <Field
        name="timezone"
        label="Time zone of the schedule"
        fault={faultOf('timezone')}
        hint="A name such as Europe/Berlin; daylight saving is minded."
      >
        <input {...common('timezone')} maxlength={64} list="zones" autocomplete="off" />
        <datalist id="zones">
          {ZONES.map((zone) => (
            <option value={zone} />
          ))}
        </datalist>
      </Field>
      <Field
        name="sites"
        label="Scanned from"
        fault={faultOf('sites')}
        hint="Sites with a comma between them, such as fra-1, nyc-1. Empty: from wherever a probe is free."
      >
        <input {...common('sites')} maxlength={1000} autocapitalize="none" autocomplete="off" />
      </Field>
      <Field
        name="tags"
        label="Tags"
        fault={faultOf('tags')}
        hint="Words with a comma between them, to find it and to choose whom to tell."
      >
        <input {...common('tags')} maxlength={1000} autocomplete="off" />
      </Field>
      <Field
        name="maxConnectsPerSecond"
        label="Rate"
        fault={faultOf('maxConnectsPerSecond')}
        hint="New connections per second at most; up to 2,000 for public addresses. 300 is gentle."
      >
        <input {...common('maxConnectsPerSecond')} type="number" min={1} max={200_000} required />
      </Field>
      <p class="actions">
        <button type="submit" class="main">
          {submit}
        </button>
      </p>
    </form>
  )
}

interface FieldProps {
  name: string
  label: string
  hint: Child
  fault: string | undefined
  children: Child
}

const Field = ({ name, label, hint, fault, children }: FieldProps) => (
  <div class="field">
    <label for={`target-${name}`}>{label}</label>
    {children}
    <span class="hint" id={`target-${name}-hint`}>
      {fault !== undefined && <strong class="fault">{fault}. </strong>}
      {hint}
    </span>
  </div>
)
