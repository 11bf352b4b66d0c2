/** The page of the API. */
import { Hono } from 'hono'
import type { AppEnv } from '../context.ts'
import { ApiPage } from '../portal/api.tsx'
import { ABOUT, callGroups, type Document } from './docs.ts'
import { SCHEMA_PATHS } from './schemas.ts'
import { frameOrNone, show } from './show.tsx'

export const apiPageRoutes = (document: () => Promise<Document>) =>
  new Hono<AppEnv>().get('/docs', async (c) => {
    const [frame, described] = await Promise.all([frameOrNone(c), document()])
    const page = (
      <ApiPage frame={frame} about={ABOUT.description} groups={callGroups(described)} events={SCHEMA_PATHS} />
    )
    return show(c, page)
  })
