/** The form of a target: what stands in its fields, and what they ask, for the same shapes that programs are held to. */
import type { Filled } from '../portal/target-form.tsx'
import type { Target } from '../store/targets.ts'

export const filledOf = (target: Target): Filled => ({
  address: target.address,
  name: target.name ?? '',
  ports: target.ports,
  profile: target.profile,
  schedule: target.schedule ?? '',
  timezone: target.timezone,
  sites: target.sites.join(', '),
  tags: target.tags.join(', '),
  maxConnectsPerSecond: String(target.maxConnectsPerSecond),
})

const words = (text: string): string[] =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')

/** Fields that the form does not have are left out; an empty one means what the API takes for nothing said. */
export function targetAsked(form: URLSearchParams): Record<string, unknown> {
  const read: Record<string, (text: string) => unknown> = {
    address: (text) => text,
    name: (text) => text || null,
    ports: (text) => text || 'top-1000',
    profile: (text) => text,
    schedule: (text) => text || null,
    timezone: (text) => text || 'UTC',
    maxConnectsPerSecond: (text) => (text === '' ? undefined : Number(text)),
    sites: words,
    tags: words,
  }
  return Object.fromEntries(
    Object.entries(read).flatMap(([name, of]) => {
      const text = form.get(name)
      return text === null ? [] : [[name, of(text.trim())]]
    }),
  )
}
