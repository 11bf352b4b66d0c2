import { createContext, useContext } from 'hono/jsx'

export const THEMES = ['light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

/** How this page is looked at: what the request says, never what is stored. */
export interface Look {
  /** of this page, from `/` on */
  path: string
  /** with what was asked of it, from `?` on; '' where nothing was */
  query: string
  /** null: as the system has it */
  theme: Theme | null
  /** what was just done by a form, to be said once; one of our own sentences */
  said: string | null
  /** there is somebody to write to */
  hasContact: boolean
}

export const LookContext = createContext<Look>({ path: '/', query: '', theme: null, said: null, hasContact: false })

export const useLook = (): Look => useContext(LookContext)
