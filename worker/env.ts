import type { Doorbell } from './objects/doorbell.ts'

/** What the platform hands to the Worker. The same on Cloudflare and in the embedded host, but for what is optional. */
export interface Env {
  DB: D1Database
  RAW: R2Bucket
  DOORBELL: DurableObjectNamespace<Doorbell>
  /** resolves names on the machine of the embedded host; without it DNS over HTTPS is asked */
  RESOLVER?: Fetcher
  /** the embedded host's way to the platforms of channels; without it they are fetched */
  EGRESS?: Fetcher
  /** '1' when the Worker was started with `--allow-private`; nothing else can set it */
  ALLOW_PRIVATE?: string
  /** '1' when it was started with `--allow-local-receivers` */
  ALLOW_LOCAL_RECEIVERS?: string
  /** seals the secrets of channels: `id:base64` of 32 random bytes; two with a comma between while one replaces the other */
  CHANNEL_KEY?: string
  /** an admin key of the operator's tenant, so that a new stack can be used at once */
  BOOTSTRAP_KEY?: string
  /** set by the embedded host: requests that did not pass its front are refused */
  FRONT_SECRET?: string
  /** whom owners of scanned hosts may write to, as a URI such as `mailto:abuse@example.net`; this Worker's address unless set */
  CONTACT?: string
  /** Ed25519 secret that signs the published ranges, PKCS #8 (PEM or base64) or JWK; without it they are unsigned, and say so */
  RANGE_SIGNING_KEY?: string
  /** where this Worker is reached from outside, without a slash at the end */
  PUBLIC_URL?: string
  /** Cloudflare Access before the portal: the team, `example` or `example.cloudflareaccess.com` */
  ACCESS_TEAM?: string
  /** the audience tag of its application for this portal; without it nobody is let in by Access */
  ACCESS_AUD?: string
  /** what whom Access lets in may do: `jo@example.com=admin, *@example.com=read:ten_…`; everybody may read unless set */
  ACCESS_EMAILS?: string
  /** fetches the team's keys; without it they are fetched from the team's own address */
  ACCESS_CERTS?: Fetcher
}
