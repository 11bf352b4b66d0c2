import type { AllowlistView } from '../views.ts'

/** The text as it is to be put in place, and where else to have it. */
export const AllowlistPart = ({ allowlist }: { allowlist: AllowlistView }) => (
  <section id="allowlist">
    <h2>Let the scanner through</h2>
    <p>
      {allowlist.title}. Filled in for this target and the addresses that scan it; its first lines say where it goes,
      how to check it and how to undo it.
    </p>
    <pre class="text" tabindex={0}>
      {allowlist.text}
    </pre>
    <p>
      <a class="button" href={allowlist.href} download={allowlist.file}>
        Download {allowlist.file}
      </a>
      {allowlist.further.length > 0 && (
        <span class="dim">
          {' '}
          Or for{' '}
          {allowlist.further.map(({ format, file, href }, i) => (
            <>
              {i > 0 && ', '}
              <a href={href} download={file}>
                {format}
              </a>
            </>
          ))}
        </span>
      )}
    </p>
  </section>
)
