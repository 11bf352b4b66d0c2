/** Forms with fields. A refused one comes back filled as it was typed, and says at its head and beside each field what is wrong. */
import { raw } from 'hono/html'
import { type Child, Fragment, useContext } from 'hono/jsx'
import { useLook } from '../look.ts'
import { EntryContext, type Refusal, RefusalContext, strayOf, useEntry } from '../refusal.ts'
import { faultId } from './field.tsx'

/** Drawn now rather than in its turn: what stands before it tells what was found in it. */
const drawn = (children: Child) => raw(String(Fragment({ children })))

export interface FormProps {
  /** of its own on its page, and not that of a field: where the form is, should it be refused */
  id: string
  /** where it posts to */
  action: string
  class?: string
  children: Child
}

/** `at` says on which page it stands, as its reader has it before them: there it comes back (worker/routes/in-place.ts). */
export const Form = ({ id, action, class: kind = 'fields', children }: FormProps) => {
  const { path, query } = useLook()
  const refusal = useContext(RefusalContext)
  const own = refusal?.form === id ? refusal : null
  if (own) own.isShown = true
  const fields = drawn(<EntryContext.Provider value={own}>{children}</EntryContext.Provider>)
  return (
    <form method="post" action={action} class={kind} id={id}>
      {path !== '' && <input type="hidden" name="at" value={`${path}${query}#${id}`} />}
      {own && <Summary refusal={own} />}
      {fields}
    </form>
  )
}

/** Has the focus when the page opens; each line leads to its field. */
const Summary = ({ refusal }: { refusal: Refusal }) => {
  const { taken, detail } = refusal
  const stray = strayOf(refusal)
  const count = taken.length + stray.length
  return (
    <div class="alarm" role="alert" tabindex={-1} autofocus>
      {count === 0 ? (
        <p class="break">{detail}</p>
      ) : (
        <>
          <p>
            {count === 1 ? 'One field is not acceptable.' : `${count} fields are not acceptable.`} Nothing was saved.
          </p>
          <ul>
            {taken.map((one) => (
              <li class="break">
                <a href={`#${one.id}`}>{one.label}</a>: {one.detail}
              </li>
            ))}
            {stray.map((one) => (
              <li class="break">
                {one.field === '' ? '' : `${one.field}: `}
                {one.detail}
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  )
}

/** Folded away until it is asked for, or holds what was refused. */
export const Fold = ({
  summary,
  open = false,
  children,
  ...rest
}: {
  summary: Child
  open?: boolean
  children: Child
  id?: string
  class?: string
}) => {
  const refusal = useContext(RefusalContext)
  const found = () => (refusal ? refusal.taken.length + Number(refusal.isShown) : 0)
  const before = found()
  const held = drawn(children)
  return (
    <details {...rest} open={open || found() > before}>
      <summary>{summary}</summary>
      {held}
    </details>
  )
}

export interface GroupProps {
  id: string
  legend: string
  hint?: string
  /** path in the API's body of what the fields say together */
  of: string
  children: Child
}

/** Fields that belong together. What is wrong and of none of them is of all. */
export const Group = ({ id, legend, hint, of, children }: GroupProps) => {
  const held = drawn(children)
  const { fault } = useEntry({ id, name: id, of, label: legend })
  return (
    <fieldset
      id={id}
      tabindex={fault === null ? undefined : -1}
      aria-describedby={fault === null ? undefined : faultId(id)}
    >
      <legend>{legend}</legend>
      {fault !== null && (
        <p class="fault" id={faultId(id)}>
          {fault}
        </p>
      )}
      {hint !== undefined && <p class="hint">{hint}</p>}
      {held}
    </fieldset>
  )
}
