import type { Frame } from '../views.ts'
import { Tick } from './field.tsx'
import { Form } from './form.tsx'

/**
 * Asks for a proof. A form as plain as the others: the guard asks that it comes from our own page. The stimulus is for whoever
 * may allow it to tick.
 */
export const ProveForm = ({ targetId, frame: { mayWrite, stopped } }: { targetId: string; frame: Frame }) =>
  mayWrite && stopped ? (
    <Stopped />
  ) : mayWrite ? (
    <Form id="prove" class="prove" action={`/api/v1/targets/${targetId}/prove`}>
      <button type="submit">Prove the allowlist</button> <Stimulus />
    </Form>
  ) : (
    <p class="dim">
      A key of scope write can prove the allowlist: <code>portwitness prove ADDRESS --stimulus</code>
    </p>
  )

/** In place of a button that would begin something: the kill switch is on. */
export const Stopped = () => <span class="dim">Scanning is stopped.</span>

export const Stimulus = () => (
  <Tick
    name="stimulus"
    label="repeat the harmless stimulus, as the owner of the target allows: only that closes an issue"
  />
)
