import type { Child } from 'hono/jsx'

export interface AskFirstProps {
  /** what opens the question */
  name: string
  /** of what it is, for those who hear the page: `Revoke key backup` */
  label?: string
  /** where the form posts to */
  action: string
  /** the button that does it */
  button: string
  /** what will happen */
  children: Child
}

/** Something that cannot be undone: the button is behind one more step that says what it does. */
export const AskFirst = ({ name, label, action, button, children }: AskFirstProps) => (
  <details class="ask-first">
    <summary aria-label={label}>{name}</summary>
    <form method="post" action={action}>
      <p>{children}</p>
      <button type="submit" class="danger">
        {button}
      </button>
    </form>
  </details>
)

/** One button that posts. */
export const Post = ({
  action,
  name,
  label,
  fields = {},
  kind,
}: {
  action: string
  name: string
  label?: string
  fields?: Readonly<Record<string, string>>
  kind?: 'main' | 'danger'
}) => (
  <form method="post" action={action} class="one">
    {Object.entries(fields).map(([field, value]) => (
      <input type="hidden" name={field} value={value} />
    ))}
    <button type="submit" class={kind} aria-label={label}>
      {name}
    </button>
  </form>
)
