import type { AllowlistView } from '../views.ts'
import { CopyButton } from './copy.tsx'

const TEXT = 'allowlist-text'

/** The text as it is to be put in place, in the format that fits best or another; where it goes, how to check it, how to undo it. */
export const AllowlistPart = ({ allowlist }: { allowlist: AllowlistView }) => {
  const { title, text, isCut, file, href, where, check, undo, traps, fitting } = allowlist
  return (
    <section id="allowlist" class="card">
      <h2>Let the scanner through</h2>
      <p class="dim measure">
        Filled in for this target and the addresses that scan it. Put it in place, then prove it: only that shows that
        it works.
      </p>
      {fitting.length > 1 && (
        <nav class="tabs" aria-label="Formats">
          {fitting.map((one) => (
            <a href={one.href} aria-current={one.format === allowlist.format ? 'true' : undefined}>
              {one.name}
            </a>
          ))}
        </nav>
      )}
      <h3>{title}</h3>
      <div class="taken">
        <CopyButton of={TEXT} name="Copy" label={`Copy the text for ${title}`} />
        {/* What scrolls must be reachable by keyboard (WCAG 2.1.1): hence the tabindex. */}
        <section class="scroll" tabindex={0} aria-label={`Text for ${title}`}>
          <pre id={TEXT}>{text}</pre>
        </section>
      </div>
      <p class="actions">
        <a class="button" href={href} download={file}>
          Download {file}
        </a>
        {isCut && <span class="dim">It is longer than what is shown here: take the file.</span>}
      </p>
      <dl class="steps">
        <Step name="Where it goes" lines={where} />
        <Step name="How to check it" lines={check} />
        <Step name="How to undo it" lines={undo} />
        <Step name="Mind" lines={traps} />
      </dl>
    </section>
  )
}

const Step = ({ name, lines }: { name: string; lines: readonly string[] }) =>
  lines.length === 0 ? null : (
    <div>
      <dt>{name}</dt>
      {lines.map((line) => (
        <dd>{line.split('`').map((part, i) => (i % 2 === 1 ? <code>{part}</code> : part))}</dd>
      ))}
    </div>
  )
