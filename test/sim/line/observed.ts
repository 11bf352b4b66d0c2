import type { Seen } from '../../../probe-node/touch.ts'
import type { Observation } from '../../../schema/wire.ts'

/**
 * What a member saw, numbered, as it is stored. All have the same fields in the same order, those without a value too:
 * evidence reads each one at every decision, and reads objects of one shape several times as fast.
 */
export const observed = (seen: Seen, n: number, isUnfit = false): Observation =>
  ({
    n,
    purpose: seen.purpose,
    experiment: seen.experiment,
    round: seen.round,
    check: seen.check,
    address: seen.address,
    port: seen.port,
    sight: seen.sight,
    code: seen.code,
    syscall: seen.syscall,
    at: seen.at,
    afterMs: seen.afterMs,
    connectMs: seen.connectMs,
    firstBytes: seen.firstBytes,
    httpStatus: seen.httpStatus,
    identity: seen.identity,
    service: seen.service,
    stimulus: seen.stimulus,
    fit: isUnfit ? false : seen.fit,
  }) as Observation
