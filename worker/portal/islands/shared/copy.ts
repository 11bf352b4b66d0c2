/** Buttons that copy. Without script they stay hidden, and all that they copy can be selected. */

/** A page that did not come over TLS has no clipboard but this. */
function byHand(text: string): boolean {
  const field = document.createElement('textarea')
  field.value = text
  field.className = 'away'
  document.body.append(field)
  field.select()
  const isDone = document.execCommand('copy')
  field.remove()
  return isDone
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return byHand(text)
  }
}

/** Makes the copy buttons below `root` work. May be called again when some are new. */
export function wakeCopyButtons(root: ParentNode): void {
  for (const button of root.querySelectorAll<HTMLButtonElement>(
    'button[data-copy][hidden], button[data-copy-of][hidden]',
  )) {
    const name = button.textContent
    let timer = 0
    button.hidden = false
    button.addEventListener('click', async () => {
      const { copy: own, copyOf = '' } = button.dataset
      const isDone = await copy(own ?? document.getElementById(copyOf)?.textContent ?? '')
      button.textContent = isDone ? 'Copied' : 'Press Ctrl+C'
      button.classList.toggle('done', isDone)
      tell(isDone ? 'Copied to the clipboard.' : 'Could not be copied.')
      clearTimeout(timer)
      timer = window.setTimeout(() => {
        button.textContent = name
        button.classList.remove('done')
      }, 1600)
    })
  }
}

/** Says it to those who listen: in the dialog that is open, beside which nothing is heard, else on the page. */
export function tell(text: string): void {
  const told = document.querySelector('dialog[open] .told-aloud') ?? document.getElementById('told')
  if (told) told.textContent = text
}
