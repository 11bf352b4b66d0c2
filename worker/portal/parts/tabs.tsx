import { useLook } from '../look.ts'

export interface Tab {
  href: string
  name: string
}

/** The pages of one place, side by side. */
export const Tabs = ({ tabs, label }: { tabs: readonly Tab[]; label: string }) => {
  const { path } = useLook()
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(({ href, name }) => (
        <a href={href} aria-current={href === path ? 'page' : undefined}>
          {name}
        </a>
      ))}
    </nav>
  )
}
