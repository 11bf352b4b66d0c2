/**
 * Error codes of Node and the kernel → our words. The only file that knows them.
 * Sources: net/ipv4/icmp.c `icmp_err_convert`, net/ipv6/icmp.c, and the table of what an unprivileged agent sees.
 */
import type { Sight } from '../schema/words.ts'

const SIGHT_OF: ReadonlyMap<string, Sight> = new Map([
  ['ECONNREFUSED', 'closed'], // RST to SYN, ICMP port unreachable
  ['ETIMEDOUT', 'unresponsive'], // the kernel's own timer, when it is shorter than ours
  ['EHOSTUNREACH', 'unreachable'], // ICMP host unreachable, host prohibited, admin prohibited, TTL exceeded
  ['ENETUNREACH', 'unreachable'], // ICMP net unreachable, net prohibited
  ['ENOPROTOOPT', 'unreachable'], // ICMP protocol unreachable
  ['ENONET', 'unreachable'], // ICMP source host isolated
  ['EHOSTDOWN', 'unreachable'],
  ['EACCES', 'unreachable'], // ICMPv6 administratively prohibited, policy, reject route
  ['ECONNRESET', 'cut'], // after the handshake, reported at connect or at read
  ['EPIPE', 'cut'], // reset seen by our write
])

/** A code we do not know must never count as interference. */
export const sightOf = (code: string): Sight => SIGHT_OF.get(code) ?? 'probe_fault'

/** Codes that a router far away and our own routing table both produce: only the latter is our fault. */
const FROM_ROUTES = new Set(['ENETUNREACH', 'EACCES', 'EHOSTUNREACH', 'EHOSTDOWN'])

/**
 * True when the error may have been made by this machine without a packet leaving it: it came at once. The caller
 * then asks the routing table (source.ts `routeTo`), because in a lab a real router answers as fast.
 */
export const maybeLocal = (code: string, afterMs: number): boolean => FROM_ROUTES.has(code) && afterMs < 5

/** Our own limits: file descriptors, ports, memory. They say nothing about the target and call for going slower. */
const EXHAUSTED = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'EADDRINUSE', 'ENOBUFS', 'ENOMEM', 'EAGAIN'])
export const isExhaustion = (code: string): boolean => EXHAUSTED.has(code)

/** The code and system call of anything that a socket may emit. */
export function codeOf(error: unknown): { code: string; syscall?: string } {
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown }
  return {
    code: typeof code === 'string' && code !== '' ? code.slice(0, 40) : 'UNKNOWN',
    ...(typeof syscall === 'string' && syscall !== '' ? { syscall: syscall.slice(0, 20) } : {}),
  }
}
