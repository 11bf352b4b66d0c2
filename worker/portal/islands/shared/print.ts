/** Buttons that print the page. Without script they stay hidden: every browser can print by itself. */
export function wakePrintButtons(root: ParentNode): void {
  for (const button of root.querySelectorAll<HTMLButtonElement>('button[data-print][hidden]')) {
    button.hidden = false
    button.addEventListener('click', () => window.print())
  }
}
