/** What the Worker answers to, read from its own route table: a story over all routes cannot forget one. */
import { app } from '../../../worker/app.ts'

export interface Route {
  method: string
  path: string
  /** names of its parameters, in order */
  params: readonly string[]
}

/** Every route, once; middleware is none. */
export const ROUTES: readonly Route[] = [
  ...new Map(
    app.routes
      .filter(({ method, path }) => method !== 'ALL' && !path.includes('*'))
      .map(({ method, path }) => [
        `${method} ${path}`,
        { method, path, params: [...path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? '') },
      ]),
  ).values(),
]
export const changes = ({ method }: Route): boolean => method !== 'GET' && method !== 'HEAD'
export const isApi = ({ path }: Route): boolean => path.startsWith('/api/v1/')
export const nameOf = ({ method, path }: Route): string => `${method} ${path}`

/** Reads, then changes, then what takes things away. */
export const inOrder = (routes: readonly Route[]): Route[] =>
  routes.toSorted((a, b) => rank(a) - rank(b) || b.params.length - a.params.length || b.path.length - a.path.length)
const rank = (route: Route): number => (changes(route) ? (route.method === 'DELETE' ? 2 : 1) : 0)
