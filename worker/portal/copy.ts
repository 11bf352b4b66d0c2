/**
 * The one script there is: buttons that copy. Served as a file, so that the policy need not allow script inside pages; without it
 * the buttons stay hidden, and all that they copy can be selected.
 */
export const COPY_SCRIPT = `'use strict'
const told = document.getElementById('copied')
// A page that did not come over TLS has no clipboard but this.
const byHand = (text) => {
  const field = document.createElement('textarea')
  field.value = text
  field.className = 'away'
  document.body.append(field)
  field.select()
  const isDone = document.execCommand('copy')
  field.remove()
  return isDone
}
const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return byHand(text)
  }
}
for (const button of document.querySelectorAll('button[data-copy], button[data-copy-of]')) {
  const name = button.textContent
  let timer = 0
  button.hidden = false
  button.addEventListener('click', async () => {
    const text = button.dataset.copy ?? document.getElementById(button.dataset.copyOf)?.textContent ?? ''
    const isDone = await copy(text)
    button.textContent = isDone ? 'Copied' : 'Press Ctrl+C'
    button.classList.toggle('done', isDone)
    if (told) told.textContent = isDone ? 'Copied to the clipboard.' : 'Could not be copied.'
    clearTimeout(timer)
    timer = setTimeout(() => {
      button.textContent = name
      button.classList.remove('done')
    }, 1600)
  })
}
`
