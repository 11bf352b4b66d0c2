/**
 * Node's own HTTP, by another way than `import`: that would fill in every export of the module, `WebSocket` among them,
 * and so load all of undici, 11 MB and 40 ms for nothing (measured with Node 24).
 */
import type * as Http from 'node:http'
import type * as Https from 'node:https'

export const http: typeof Http = process.getBuiltinModule('node:http')

/** What speaks to this URL. TLS is loaded for a URL that wants it only: it takes half as long as all of our own code. */
export const httpFor = (url: URL): typeof Http | typeof Https =>
  url.protocol === 'https:' ? process.getBuiltinModule('node:https') : http
