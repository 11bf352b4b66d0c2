/**
 * Parts of a page that stay fresh: `<div id data-fresh="SECONDS">` is fetched again with its page after so many seconds while it is
 * seen, and what it holds is replaced if it has changed. The fresh one says when the next is due, or that none is.
 */
import { keepFresh, rememberParts } from './shared/fresh.ts'

rememberParts()
void keepFresh()
