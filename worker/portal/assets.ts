/** What pages load beside themselves: all of it ours, made by `npm run build:portal`, each under a name that changes with it. */
import base from './built/base.ts'
import fresh from './built/fresh.ts'
import lanes from './built/lanes.ts'
import live from './built/live.ts'
import pane from './built/pane.ts'
import style from './built/style.ts'
import { ICON } from './icon.ts'

export interface Asset {
  type: string
  text: string
  /** changes with the text; null where the name stays */
  version: string | null
}

const CSS = 'text/css; charset=utf-8'
const SCRIPT = 'text/javascript; charset=utf-8'

export const ASSETS = {
  'style.css': { type: CSS, ...style },
  'base.js': { type: SCRIPT, ...base },
  'fresh.js': { type: SCRIPT, ...fresh },
  'lanes.js': { type: SCRIPT, ...lanes },
  'live.js': { type: SCRIPT, ...live },
  'pane.js': { type: SCRIPT, ...pane },
  'icon.svg': { type: 'image/svg+xml', text: ICON, version: null },
} satisfies Record<string, Asset>

export type AssetName = keyof typeof ASSETS
export type IslandName = Extract<AssetName, `${string}.js`>

/** Where a page finds it. */
export function assetHref(name: AssetName): string {
  const { version } = ASSETS[name]
  return version === null ? `/portal/${name}` : `/portal/${name}?v=${version}`
}
