/** The one picture of ours: an eye that sees a port. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="6" fill="#2456c4"/><path d="M3.5 12S6.5 6.5 12 6.5 20.5 12 20.5 12 17.5 17.5 12 17.5 3.5 12 3.5 12Z" fill="none" stroke="#fff" stroke-width="1.8"/><rect x="9.5" y="9.5" width="5" height="5" rx="1" fill="#fff"/></svg>`
