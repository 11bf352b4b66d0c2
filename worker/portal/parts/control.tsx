/** Whose address it is: how that stands, in words, and what is to be done, step by step (docs/control.md). */
import {
  CONTROL_STATES,
  type ControlState,
  type ControlTask,
  type VerificationAnswer,
} from '../../../schema/control.ts'
import type { Frame } from '../views.ts'
import type { Tone } from '../words.ts'
import { Badge } from './badge.tsx'
import { CopyButton } from './copy.tsx'
import { SelectField, TextField } from './field.tsx'
import { Fold, Form } from './form.tsx'
import { Ago, Time } from './time.tsx'

export const CONTROL: Record<ControlState, { tone: Tone; text: string; sentence: string }> = {
  not_needed: { tone: 'mute', text: 'not needed', sentence: 'Private addresses need no proof of control.' },
  proved: { tone: 'good', text: 'proved', sentence: 'Control of the address is proved, so it may be scanned.' },
  failing: {
    tone: 'warn',
    text: 'failing',
    sentence: 'It is proved still, but the last look was in vain. It is scanned until the proof ends.',
  },
  lapsed: { tone: 'bad', text: 'lapsed', sentence: 'It was proved once; the proof has ended, and it is not scanned.' },
  unproved: {
    tone: 'bad',
    text: 'not proved',
    sentence: 'A public address is scanned only for whoever has proved control of it. Until then no scan is made.',
  },
}
export const CONTROL_OPTIONS = CONTROL_STATES.map((value) => ({ value, text: CONTROL[value].text }))

export const ControlBadge = ({ state }: { state: ControlState }) => (
  <Badge tone={CONTROL[state].tone} text={CONTROL[state].text} />
)

const METHOD = {
  http: 'a file that the address serves',
  reverse_dns: 'its reverse name',
  letter: 'a signed letter',
} as const
const at = (iso: string): number => Date.parse(iso)

export const Control = ({ of, frame }: { of: VerificationAnswer; frame: Frame }) => {
  const { sentence } = CONTROL[of.state]
  const isOpen = of.state !== 'not_needed' && of.state !== 'proved'
  const isAsked = of.addresses.some(({ task }) => task !== null)
  return (
    <section id="control" aria-labelledby="control-head">
      <h2 id="control-head">Whose address it is</h2>
      <p>
        <ControlBadge state={of.state} /> {sentence}
      </p>
      {of.addresses.length === 0 && of.state === 'unproved' && (
        <p class="dim">Where the name leads is looked up when you choose a way below.</p>
      )}
      {of.checking && (
        <p role="status">
          <Badge tone="info" text="being looked at" /> Two probes are on their way; the page says what they found.
        </p>
      )}
      {of.state !== 'not_needed' &&
        of.addresses.map((address) => (
          <div class="claim">
            <p>
              <code>{address.address}</code> <ControlBadge state={address.state} />{' '}
              <span class="dim">
                {address.method && `by ${METHOD[address.method]}`}
                {address.expiresAt !== null && (
                  <>
                    , until <Time at={at(address.expiresAt)} />
                  </>
                )}
                {address.checkedAt !== null && (
                  <>
                    , looked at <Ago at={at(address.checkedAt)} now={frame.now} />
                  </>
                )}
              </span>
            </p>
            {address.problem && <p class="break">The last look: {address.problem.detail}</p>}
            {address.task && (isOpen || address.problem !== null) && <Task task={address.task} />}
          </div>
        ))}
      {of.state !== 'not_needed' && (
        <Asking of={of} mayWrite={frame.mayWrite} isOpen={isOpen && !isAsked} isAsked={isAsked} />
      )}
    </section>
  )
}

/** Of the first step, which says where it goes. */
const Token = ({ task }: { task: ControlTask }) => (
  <p class="token">
    {task.record !== null && (
      <>
        The record: <code class="break">{task.record}</code>{' '}
        <CopyButton text={task.record} label="Copy the record’s name" />
        <br />
      </>
    )}
    The token: <code class="break">{task.content}</code> <CopyButton text={task.content} label="Copy the token" />
  </p>
)

const Task = ({ task }: { task: ControlTask }) => (
  <ol class="steps">
    {task.steps.map((step, i) => (
      <li class="break">
        {step}
        {i === 0 && <Token task={task} />}
      </li>
    ))}
  </ol>
)

interface AskingProps {
  of: VerificationAnswer
  mayWrite: boolean
  isOpen: boolean
  isAsked: boolean
}

const Asking = ({ of, mayWrite, isOpen, isAsked }: AskingProps) => {
  if (!mayWrite) return <p class="dim">A key of scope write can prove it.</p>
  const path = `/api/v1/targets/${of.targetId}/verification`
  return (
    <>
      {isAsked && (
        <form class="actions" method="post" action={`${path}/check`}>
          <button type="submit" class="main">
            Check now
          </button>
          <span class="dim">Looks once; it can be asked for every 20 seconds.</span>
        </form>
      )}
      <Fold open={isOpen} summary={isAsked ? 'Prove it in another way' : 'Prove it'}>
        <div class="ways">
          <Form id="way-file" class="card" action={path}>
            <h3>By a file</h3>
            <p>The address serves a small text file with a token. Two probes fetch it.</p>
            <input type="hidden" name="method" value="http" />
            <SelectField
              id="control-port"
              name="port"
              label="Port"
              options={[
                { value: '80', text: '80, plain HTTP' },
                { value: '443', text: '443, TLS (the certificate is not judged)' },
              ]}
            />
            <p>
              <button type="submit">Show me the file</button>
            </p>
          </Form>
          <Form id="way-name" class="card" action={path}>
            <h3>By reverse name</h3>
            <p>For machines without a web server: a TXT record of your domain, and a reverse name inside it.</p>
            <input type="hidden" name="method" value="reverse_dns" />
            <TextField
              id="control-domain"
              name="domain"
              label="Your domain"
              required
              minlength={3}
              maxlength={200}
              placeholder="example.net"
            />
            <p>
              <button type="submit">Show me the records</button>
            </p>
          </Form>
          <div class="card">
            <h3>By letter</h3>
            <p>
              For whole networks: their holder lets you scan them in a signed letter, which the operator of this stack
              enters.
            </p>
          </div>
        </div>
      </Fold>
    </>
  )
}
