/** Where the row of places scrolls, the place one is at is brought into its middle. Without script the style sheet holds it at an edge. */
export function showPlace(row: HTMLElement | null): void {
  const here = row?.querySelector<HTMLElement>('[aria-current]')
  if (!row || !here) return
  const middle = here.getBoundingClientRect().x + here.offsetWidth / 2 - row.getBoundingClientRect().x
  row.scrollLeft += middle - row.clientWidth / 2
}
