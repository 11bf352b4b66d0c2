/** Terraform texts, read by HashiCorp's own parser. */
import { parse } from '@cdktf/hcl2json'
import { type Meaning, network, type Reader } from './grammar.ts'

type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/** Networks stand in strings of their own; `ip` and `subnet` of Fastly are put together. */
export const hcl: Reader = async (text) => {
  const found = (await parse('allowlist.tf', text)) as Json
  const meaning: Meaning = { networks: [], directives: 0 }
  walk(found, meaning)
  return { ...meaning, networks: [...new Set(meaning.networks)] }
}

function walk(json: Json, meaning: Meaning): void {
  meaning.directives++
  if (typeof json === 'string') {
    // An expression of the text, such as a set of strings, comes as `${…}`.
    const texts = json.startsWith('${') ? [...json.matchAll(/"([^"]*)"/g)].map(([, one = '']) => one) : [json]
    for (const one of texts)
      if (/^[0-9a-f.:]+(\/\d+)?$/.test(one) && /[.:]/.test(one)) meaning.networks.push(network(one))
    return
  }
  if (Array.isArray(json)) for (const one of json) walk(one, meaning)
  else if (json !== null && typeof json === 'object') {
    const { ip, subnet } = json
    if (typeof ip === 'string' && subnet !== undefined) {
      meaning.networks.push(network(`${ip}/${subnet}`))
      meaning.directives++
    } else for (const one of Object.values(json)) walk(one, meaning)
  }
}

/** The two switches of Cloudflare apart: what the access rules let through, and what the list of the skip rule holds. */
export async function cloudflareSwitches(text: string): Promise<{ access: string[]; list: string[]; skip: string }> {
  const found = (await parse('cloudflare.tf', text)) as {
    locals: { portwitness_access: Record<string, { target: string }> }[]
    resource: {
      cloudflare_list: Record<string, { items: { ip: string }[] }[]>
      cloudflare_ruleset: Record<string, { rules: { action: string; expression: string }[] }[]>
    }
  }
  const access = Object.entries(found.locals[0]?.portwitness_access ?? {})
  for (const [value, { target }] of access) {
    const wanted = value.includes('/') ? 'ip_range' : value.includes(':') ? 'ip6' : 'ip'
    if (target !== wanted) throw new Error(`${value} has target ${target}`)
  }
  const [list] = Object.values(found.resource.cloudflare_list)
  const [ruleset] = Object.values(found.resource.cloudflare_ruleset)
  const rule = ruleset?.[0]?.rules[0]
  return {
    access: access.map(([value]) => network(value)),
    list: (list?.[0]?.items ?? []).map(({ ip }) => network(ip)),
    skip: `${rule?.action} ${rule?.expression}`,
  }
}
