/** Fields of forms: a name, what is typed, what it means, and what is wrong with it. */
import type { Child } from 'hono/jsx'
import { useEntry } from '../refusal.ts'

interface Named {
  id: string
  /** under which it is sent; its id unless said */
  name?: string
  /** path in the API's body, where it is called otherwise there; see `Refusal` */
  of?: string
  label: string
  hint?: Child
}

type Kind = 'text' | 'url' | 'password' | 'number' | 'date' | 'time'

export interface TextFieldProps extends Named {
  type?: Kind
  value?: string
  /** never sent back; as what is typed into a field of type password */
  sealed?: boolean
  /** whether its name says that it may be left empty; else its hint tells what that means */
  saysOptional?: boolean
  /** said of what is wrong in place of the API's words, where they count in another unit than the field */
  wrong?: string
  placeholder?: string
  required?: boolean
  maxlength?: number
  minlength?: number
  min?: number | string
  max?: number | string
  pattern?: string
  autocapitalize?: 'none'
  autocomplete?: 'off'
  /** offered, though anything may be typed */
  offers?: readonly Offer[]
}
interface Offer {
  value: string
  text?: string
}

/** What browsers show in fields of these types; anything else they drop without a word. */
const SHOWN: Partial<Record<Kind, RegExp>> = {
  number: /^(-?\d+(\.\d+)?)?$/,
  date: /^(\d{4}-\d{2}-\d{2})?$/,
  time: /^(\d{2}:\d{2})?$/,
}

export const TextField = (props: TextFieldProps) => {
  const { id, name = id, of = name, wrong, label, hint, type = 'text', value, required, offers, ...rest } = props
  const { sealed = type === 'password', saysOptional = !required, ...plain } = rest
  const { typed, fault } = useEntry({ id, name, of, label, wrong })
  const said = typed?.[0]
  const shown = sealed ? undefined : (said ?? value)
  const meaning = sealed && said ? withRetyped(hint) : hint
  return (
    <div class="field">
      <label for={id}>
        {label}
        {saysOptional && <span class="dim"> (optional)</span>}
      </label>
      <input
        id={id}
        name={name}
        type={SHOWN[type]?.test(shown ?? '') === false ? 'text' : type}
        value={shown}
        required={required}
        autocomplete={type === 'password' ? 'new-password' : offers ? 'off' : undefined}
        spellcheck={false}
        list={offers && `${id}-offers`}
        {...markOf(id, meaning, fault)}
        {...plain}
      />
      {offers && (
        <datalist id={`${id}-offers`}>
          {offers.map((offer) => (
            <option value={offer.value}>{offer.text}</option>
          ))}
        </datalist>
      )}
      <Beside id={id} hint={meaning} fault={fault} />
    </div>
  )
}

const withRetyped = (hint: Child | undefined) => (
  <>
    <strong>What you typed here is secret and was not sent back: type it again.</strong> {hint}
  </>
)

export const AreaField = ({
  id,
  name = id,
  of = name,
  label,
  hint,
  value = '',
  ...rest
}: Named & { value?: string; rows: number; maxlength: number }) => {
  const { typed, fault } = useEntry({ id, name, of, label })
  return (
    <div class="field">
      <label for={id}>
        {label} <span class="dim">(optional)</span>
      </label>
      {/* The first line break in it is not text. */}
      <textarea id={id} name={name} {...markOf(id, hint, fault)} {...rest}>
        {`\n${typed?.[0] ?? value}`}
      </textarea>
      <Beside id={id} hint={hint} fault={fault} />
    </div>
  )
}

export interface Option {
  value: string
  text: string
}

export const SelectField = ({
  id,
  name = id,
  of = name,
  label,
  hint,
  options,
  value,
}: Named & { options: readonly Option[]; value?: string }) => {
  const { typed, fault } = useEntry({ id, name, of, label })
  const chosen = typed?.[0] ?? value
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} name={name} {...markOf(id, hint, fault)}>
        {options.map((option) => (
          <option value={option.value} selected={option.value === chosen}>
            {option.text}
          </option>
        ))}
      </select>
      <Beside id={id} hint={hint} fault={fault} />
    </div>
  )
}

/** One of several of a name says nothing for itself: what is wrong with them is of their `Group`. */
export const CheckField = ({
  id,
  label,
  hint,
  name = id,
  of = name,
  value = 'yes',
  checked,
}: Named & { value?: string; checked?: boolean }) => {
  const { typed, fault } = useEntry({ id, name, of: name === id ? of : null, label })
  return (
    <div class="field line">
      <input
        id={id}
        name={name}
        type="checkbox"
        value={value}
        checked={typed?.includes(value) ?? checked}
        {...markOf(id, hint, fault)}
      />
      <label for={id}>{label}</label>
      <Beside id={id} hint={hint} fault={fault} class="under-check" />
    </div>
  )
}

/** A box to tick in the run of a form's text. */
export const Tick = ({ name, label }: { name: string; label: string }) => {
  const { typed, fault } = useEntry({ id: name, name, of: name, label })
  return (
    <label class="check">
      <input
        id={name}
        type="checkbox"
        name={name}
        value="yes"
        checked={typed?.includes('yes') ?? false}
        {...markOf(name, undefined, fault)}
      />{' '}
      {label}
      <Beside id={name} hint={undefined} fault={fault} />
    </label>
  )
}

export const faultId = (id: string): string => `${id}-fault`

const markOf = (id: string, hint: Child | undefined, fault: string | null) => ({
  'aria-invalid': fault === null ? undefined : ('true' as const),
  'aria-describedby':
    [fault === null ? [] : faultId(id), hint === undefined ? [] : `${id}-hint`].flat().join(' ') || undefined,
})

const Beside = ({
  id,
  hint,
  fault,
  class: place,
}: {
  id: string
  hint: Child | undefined
  fault: string | null
  class?: string
}) => (
  <>
    {fault !== null && (
      <strong class={place ? `fault ${place}` : 'fault'} id={faultId(id)}>
        {fault}
      </strong>
    )}
    {hint !== undefined && (
      <span class={place ? `hint ${place}` : 'hint'} id={`${id}-hint`}>
        {hint}
      </span>
    )}
  </>
)
