/** What every page has where script runs: times in the reader's zone, buttons that copy and print. */
import { wakeCopyButtons } from './shared/copy.ts'
import { showPlace } from './shared/places.ts'
import { wakePrintButtons } from './shared/print.ts'
import { localTimes } from './shared/times.ts'

localTimes(document)
showPlace(document.querySelector('.places'))
wakeCopyButtons(document)
wakePrintButtons(document)
// Islands that put something new on the page say so.
document.addEventListener('portwitness:fresh', (event) => {
  const root = event.target instanceof Element ? event.target : document
  localTimes(root)
  wakeCopyButtons(root)
})
