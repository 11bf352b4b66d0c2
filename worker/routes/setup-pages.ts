/** Fleet, channels, keys, rules, audit log and settings: what is set up, and who did what. */
import { Hono } from 'hono'
import type { AppEnv } from '../context.ts'
import { auditPageRoutes } from './audit-page.tsx'
import { channelsPageRoutes } from './channels-page.tsx'
import { fleetPageRoutes } from './fleet-page.tsx'
import { keysPageRoutes } from './keys-page.tsx'
import { rulesPageRoutes } from './rules-page.tsx'
import { settingsPageRoutes } from './settings-page.tsx'
import { setupForms } from './setup-forms.tsx'

export const setupPages = new Hono<AppEnv>()
  .route('/', setupForms)
  .route('/', fleetPageRoutes)
  .route('/', channelsPageRoutes)
  .route('/', keysPageRoutes)
  .route('/', rulesPageRoutes)
  .route('/', auditPageRoutes)
  .route('/', settingsPageRoutes)
