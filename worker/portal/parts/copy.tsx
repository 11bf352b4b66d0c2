/** A button that copies this text, or that of the element with this id. Hidden until the script is there. */
export const CopyButton = ({
  text,
  of,
  name = 'Copy',
  label,
}: {
  text?: string
  of?: string
  name?: string
  label: string
}) => (
  <button type="button" class="copy" data-copy={text} data-copy-of={of} aria-label={label} hidden>
    {name}
  </button>
)

/** Commands or lists to be taken along: one click selects all of it. */
export const Taken = ({ id, text, label }: { id: string; text: string; label: string }) => (
  <div class="taken">
    <CopyButton of={id} label={`Copy ${label}`} />
    {/* What scrolls must be reachable by keyboard (WCAG 2.1.1): hence the tabindex. */}
    <section tabindex={0} aria-label={label}>
      <pre id={id}>{text}</pre>
    </section>
  </div>
)
