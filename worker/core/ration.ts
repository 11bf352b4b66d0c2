/**
 * SSH, mail, FTP, VNC and MySQL servers count every connection without a login (MySQL shuts a host out after 100 by default, until
 * somebody flushes its cache: max_connect_errors): a member touches them this often and no oftener.
 */
export const RATION = [
  { touches: 2, withinMs: 10_000 },
  { touches: 4, withinMs: 600_000 },
] as const

/** Whether a touch at `at` keeps within the ration, given the times of the same member's other touches of the endpoint. */
export const mayTouch = (touches: readonly number[], at: number): boolean =>
  RATION.every(({ touches: limit, withinMs }) => {
    // Both sides of `at`: a touch that is put between others must not spoil a later window either.
    const near = [...touches.filter((other) => Math.abs(other - at) < withinMs), at]
    return near.every((from) => near.filter((t) => t >= from && t < from + withinMs).length <= limit)
  })
