/** The answers we choose to give. Anything else that is thrown is a bug, or the database being busy. */
const STATUS = {
  bad_request: 400,
  unauthorized: 401,
  clock_skew: 401,
  forbidden: 403,
  operators_only: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  scan_running: 409,
  proof_running: 409,
  scanning_stopped: 409,
  no_probe: 409,
  result_differs: 409,
  stale: 410,
  too_large: 413,
  wrong_type: 415,
  invalid: 422,
  special: 422,
  private: 422,
  unproved_address: 422,
  opted_out: 422,
  name_not_resolved: 422,
  outside_plan: 422,
  upgrade_required: 426,
  too_many_scans: 429,
  network_busy: 429,
  too_soon: 429,
  ceiling_reached: 429,
  busy: 503,
  internal: 500,
} as const
export type FailureCode = keyof typeof STATUS

const TITLE: Record<number, string> = {
  400: 'The request could not be read',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'In conflict with the present state',
  410: 'No longer yours',
  413: 'Too large',
  415: 'Unsupported media type',
  422: 'Not acceptable',
  426: 'Upgrade required',
  429: 'Too many at once',
  500: 'Our fault',
  503: 'Busy',
}

/** What is wrong with one field. `field` is its path, such as `anchors.0.port`. */
export interface FieldError {
  field: string
  detail: string
}

/** An answer that is not success. `message` is shown to the caller: never a secret, never a banner. */
export class Failure extends Error {
  readonly code: FailureCode
  readonly errors: readonly FieldError[]
  readonly extra: Record<string, unknown>
  constructor(
    code: FailureCode,
    message: string,
    errors: readonly FieldError[] = [],
    extra: Record<string, unknown> = {},
  ) {
    super(message)
    this.code = code
    this.errors = errors
    this.extra = extra
  }
}

/** The same for one field alone. */
export const badField = (code: FailureCode, field: string, detail: string): Failure =>
  new Failure(code, detail, [{ field, detail }])

/** What a request of a tenant hears that was removed while it was under way. */
export const tenantGone = (): Failure => new Failure('not_found', 'This tenant was removed.')

/** What a request hears that is signed by no probe of ours; whether it was one once is not told. */
export const notOurs = (): Failure => new Failure('unauthorized', 'Not a probe of ours, or not at its address.')

/** RFC 9457 `application/problem+json`. */
export function problem({ code, message, errors, extra }: Failure): Response {
  const status = STATUS[code]
  const body = { type: 'about:blank', title: TITLE[status], status, detail: message, code, errors, ...extra }
  const headers: Record<string, string> = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }
  if (status === 503 || status === 429) headers['retry-after'] = status === 503 ? '2' : '30'
  if (status === 401) headers['www-authenticate'] = 'Bearer'
  return new Response(JSON.stringify(body), { status, headers })
}
