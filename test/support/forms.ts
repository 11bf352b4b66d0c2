/** Forms in our own markup, filled in and sent as a browser without script does it. */

export interface SeenForm {
  action: string
  /** as it would be sent untouched, in order */
  fields: [string, string][]
  html: string
}

const ENTITIES: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" }
const plain = (text: string): string => text.replace(/&(?:amp|lt|gt|quot|#39);/g, (one) => ENTITIES[one] ?? one)
const attribute = (tag: string, name: string): string | null => {
  const [, value] = new RegExp(`\\s${name}="([^"]*)"`).exec(tag) ?? []
  return value === undefined ? null : plain(value)
}

/** The form with this id. Throws where the page has none, as a reader would be at a loss. */
export function formOn(html: string, id: string): SeenForm {
  const [all, open = '', inner = ''] = new RegExp(`(<form[^>]* id="${id}">)(.*?)</form>`, 's').exec(html) ?? []
  if (all === undefined) throw new Error(`the page has no form ${id}`)
  const fields = [...inner.matchAll(/<input[^>]*>|<select[^>]*>.*?<\/select>|<textarea[^>]*>.*?<\/textarea>/gs)]
  return {
    action: attribute(open, 'action') ?? '',
    fields: fields.flatMap(([text]): [string, string][] => {
      const [tag = ''] = /^<[^>]*>/.exec(text) ?? []
      const name = attribute(tag, 'name') ?? ''
      if (tag.startsWith('<textarea'))
        return [[name, plain(text.slice(tag.length, -'</textarea>'.length)).replace(/^\n/, '')]]
      if (tag.startsWith('<select')) return [[name, chosenIn(text)]]
      if (attribute(tag, 'type') === 'checkbox' && !/ checked=/.test(tag)) return []
      return [[name, attribute(tag, 'value') ?? '']]
    }),
    html: all,
  }
}

function chosenIn(select: string): string {
  const options = [...select.matchAll(/<option[^>]*>/g)].map(([tag]) => tag)
  const chosen = options.find((tag) => / selected=/.test(tag)) ?? options[0] ?? ''
  return attribute(chosen, 'value') ?? ''
}

/** What is sent when these fields are filled in; a list ticks just these boxes of that name. */
export function filledIn({ fields }: SeenForm, typed: Readonly<Record<string, string | readonly string[]>>): string {
  const untouched = fields.filter(([name]) => !Object.hasOwn(typed, name))
  const said = Object.entries(typed).flatMap(([name, value]) => [value].flat().map((one) => [name, one]))
  return new URLSearchParams([...untouched, ...said]).toString()
}

/** All of the page but that form: what its title, its scripts and what is unfolded say is left out. */
export const around = (html: string, id: string): string =>
  html
    .replace(formOn(html, id).html, '')
    .replace(/<title>.*?<\/title>/, '')
    .replace(/<script[^>]*><\/script>/g, '')
    .replaceAll(' open=""', '')
