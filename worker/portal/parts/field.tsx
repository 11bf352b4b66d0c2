/** Fields of forms: a name, what is typed, and what it means. */
import type { Child } from 'hono/jsx'

interface Named {
  id: string
  label: string
  hint?: Child
}

export interface TextFieldProps extends Named {
  type?: 'text' | 'url' | 'password' | 'number' | 'date' | 'time'
  value?: string
  placeholder?: string
  required?: boolean
  maxlength?: number
  min?: number | string
  max?: number | string
  pattern?: string
}

export const TextField = ({ id, label, hint, type = 'text', value, required, ...rest }: TextFieldProps) => (
  <div class="field">
    <label for={id}>
      {label}
      {!required && <span class="dim"> (optional)</span>}
    </label>
    <input
      id={id}
      name={id}
      type={type}
      value={value}
      required={required}
      autocomplete={type === 'password' ? 'new-password' : undefined}
      spellcheck={false}
      aria-describedby={hint === undefined ? undefined : `${id}-hint`}
      {...rest}
    />
    <Hint id={id} hint={hint} />
  </div>
)

export interface Option {
  value: string
  text: string
}

export const SelectField = ({
  id,
  label,
  hint,
  options,
  value,
}: Named & { options: readonly Option[]; value?: string }) => (
  <div class="field">
    <label for={id}>{label}</label>
    <select id={id} name={id} aria-describedby={hint === undefined ? undefined : `${id}-hint`}>
      {options.map((option) => (
        <option value={option.value} selected={option.value === value}>
          {option.text}
        </option>
      ))}
    </select>
    <Hint id={id} hint={hint} />
  </div>
)

export const CheckField = ({
  id,
  label,
  hint,
  name = id,
  value = 'yes',
  checked,
}: Named & { name?: string; value?: string; checked?: boolean }) => (
  <div class="field line">
    <input
      id={id}
      name={name}
      type="checkbox"
      value={value}
      checked={checked}
      aria-describedby={hint === undefined ? undefined : `${id}-hint`}
    />
    <label for={id}>{label}</label>
    {hint !== undefined && (
      <span class="hint under-check" id={`${id}-hint`}>
        {hint}
      </span>
    )}
  </div>
)

const Hint = ({ id, hint }: { id: string; hint: Child | undefined }) =>
  hint === undefined ? null : (
    <span class="hint" id={`${id}-hint`}>
      {hint}
    </span>
  )
