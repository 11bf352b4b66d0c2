/**
 * Node's own HTTP, by another way than `import`: that would fill in every export of the module, `WebSocket` among them,
 * and so load all of undici, 11 MB and 40 ms for nothing (measured with Node 24).
 */
import type * as Http from 'node:http'
import type * as Https from 'node:https'

export const http: typeof Http = process.getBuiltinModule('node:http')
export const https: typeof Https = process.getBuiltinModule('node:https')
