import { DurableObject } from 'cloudflare:workers'
export class Doorbell extends DurableObject {}
export default { fetch: () => new Response('ok') }
