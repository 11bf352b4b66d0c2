/** A target is added, or changed: one form for both. */
import { PROFILES, type Profile } from '../../schema/words.ts'
import { cronWords } from '../core/cronWords.ts'
import { Page } from './layout.tsx'
import { SelectField, TextField } from './parts/field.tsx'
import { Form } from './parts/form.tsx'
import type { Frame } from './views.ts'

/** What stands in the fields at first. */
export type Filled = Readonly<
  Record<
    'address' | 'name' | 'ports' | 'profile' | 'schedule' | 'timezone' | 'sites' | 'tags' | 'maxConnectsPerSecond',
    string
  >
>

export const BLANK: Filled = {
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
  filled: Filled
}

export const NewTargetPage = ({ frame, filled }: FormProps) => (
  <Page title="Add a target" frame={frame}>
    <p class="crumb">
      <a href="/targets">Targets</a>
    </p>
    <h1>Add a target</h1>
    <p class="measure">
      A public address is scanned only when you have proved that it is yours: its page says how, once it is added.
    </p>
    {frame.mayWrite ? (
      <TargetForm action="/api/v1/targets" submit="Add the target" filled={filled} isNew back="/targets" />
    ) : (
      <p class="none">A key of scope write can add targets.</p>
    )}
  </Page>
)

export const EditTargetPage = ({ frame, id, name, filled }: FormProps & { id: string; name: string }) => (
  <Page title={`Change ${name}`} frame={frame}>
    <p class="crumb">
      <a href="/targets">Targets</a> / <a href={`/targets/${id}`}>{name}</a>
    </p>
    <h1>Change {name}</h1>
    {frame.mayWrite ? (
      <>
        <TargetForm
          action={`/api/v1/targets/${id}?method=PATCH`}
          submit="Save"
          filled={filled}
          isNew={false}
          back={`/targets/${id}`}
        />
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
  filled: Filled
  isNew: boolean
  /** where one goes who changes nothing */
  back: string
}

const TargetForm = ({ action, submit, filled, isNew, back }: Fields) => {
  const select = (name: keyof Filled) => ({ id: `target-${name}`, name, value: filled[name] })
  const common = (name: keyof Filled) => ({ ...select(name), saysOptional: false })
  return (
    <Form id="target" action={action}>
      {isNew && (
        <TextField
          {...common('address')}
          label="Address or name"
          hint="One IP address, such as 203.0.113.9, or a host name. It cannot be changed later."
          required
          maxlength={253}
          autocapitalize="none"
          autocomplete="off"
          placeholder="203.0.113.9"
        />
      )}
      <TextField
        {...common('name')}
        label="What you call it"
        hint="Shown in lists and notices. Empty: its address."
        maxlength={200}
        autocomplete="off"
      />
      <TextField
        {...common('ports')}
        label="Ports"
        hint={
          <>
            As nmap writes them: <code>22,80,443</code>, <code>1-65535</code>, or <code>top-1000</code>.
          </>
        }
        maxlength={3000}
        autocomplete="off"
      />
      <SelectField
        {...select('profile')}
        label="Profile"
        hint="What is done to the ports that are open."
        options={[...OFFERED, ...(filled.profile === 'accompany' ? (['accompany'] as const) : [])].map((value) => ({
          value,
          text: PROFILE[value],
        }))}
      />
      <TextField
        {...common('schedule')}
        label="Schedule"
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
        maxlength={100}
        offers={SCHEDULES.map((value) => ({ value, text: cronWords(value) ?? undefined }))}
      />
      <TextField
        {...common('timezone')}
        label="Time zone of the schedule"
        hint="A name such as Europe/Berlin; daylight saving is minded."
        maxlength={64}
        offers={ZONES.map((value) => ({ value }))}
      />
      <TextField
        {...common('sites')}
        label="Scanned from"
        hint="Sites with a comma between them, such as fra-1, nyc-1. Empty: from wherever a probe is free."
        maxlength={1000}
        autocapitalize="none"
        autocomplete="off"
      />
      <TextField
        {...common('tags')}
        label="Tags"
        hint="Words with a comma between them, to find it and to choose whom to tell."
        maxlength={1000}
        autocomplete="off"
      />
      <TextField
        {...common('maxConnectsPerSecond')}
        label="Rate"
        hint="New connections per second at most; up to 2,000 for public addresses. 300 is gentle."
        type="number"
        min={1}
        max={200_000}
        required
      />
      <p class="actions">
        <button type="submit" class="main">
          {submit}
        </button>
        <a href={back}>Cancel</a>
      </p>
    </Form>
  )
}
