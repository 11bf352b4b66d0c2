/** What a form of ours was refused for, while the page on which it stands is drawn once more with it. */
import { createContext, useContext } from 'hono/jsx'

/** `field` is the path in the API's body, such as `quietHours.from`. */
export interface Fault {
  field: string
  detail: string
}

export interface Refusal {
  /** id of the form on its page */
  form: string
  status: number
  /** one of our own sentences; what is said where no field is named */
  detail: string
  faults: readonly Fault[]
  typed: URLSearchParams
  /** written while the page is drawn: whether the form stood there at all */
  isShown: boolean
  /** likewise: which field of the form said that faults are its own, in the order of the page */
  taken: { id: string; label: string; faults: readonly Fault[]; detail: string }[]
}

/** Of the whole page; null where nothing was refused. */
export const RefusalContext = createContext<Refusal | null>(null)
/** Within the refused form alone. */
export const EntryContext = createContext<Refusal | null>(null)

/** What stands in a field, and what is wrong with it. */
export interface Entry {
  /** what was typed, each value of that name; null where the field shows what the page has */
  typed: readonly string[] | null
  fault: string | null
}

/** The fault of an object or a list is also that of what it holds. */
const covers = (of: string, field: string): boolean => field === of || field.startsWith(`${of}.`)

interface Asking {
  id: string
  name: string
  /** path of what it says; null: what is wrong with it is said by others */
  of: string | null
  label: string
  /** its own words for whatever is wrong */
  wrong?: string
}

/** Called once by each field when it is drawn: the faults that nobody took before are its own. */
export function useEntry({ id, name, of, label, wrong }: Asking): Entry {
  const refusal = useContext(EntryContext)
  if (!refusal) return { typed: null, fault: null }
  const faults = of === null ? [] : strayOf(refusal).filter(({ field }) => covers(of, field))
  const detail = wrong ?? faults.map((one) => one.detail).join('; ')
  if (faults.length > 0) refusal.taken.push({ id, label, faults, detail })
  return { typed: refusal.typed.getAll(name), fault: faults.length > 0 ? detail : null }
}

/** Faults that no field has taken yet. */
export const strayOf = ({ faults, taken }: Refusal): Fault[] =>
  faults.filter((fault) => !taken.some((one) => one.faults.includes(fault)))
