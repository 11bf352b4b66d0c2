import { readdir, readFile } from 'node:fs/promises'

/** What this process may use, read from the kernel. Where /proc is missing, careful guesses. */
export interface Capacity {
  openFiles: number
  maxFiles: number
  ephemeralPorts: number
}

export async function readCapacity(): Promise<Capacity> {
  const [files, limits, range] = await Promise.all([
    readdir('/proc/self/fd').catch(() => []),
    readFile('/proc/self/limits', 'utf8').catch(() => ''),
    readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').catch(() => ''),
  ])
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1]
  const [low = 32_768, high = 60_999] = range.trim() === '' ? [] : range.trim().split(/\s+/).map(Number)
  return { openFiles: files.length, maxFiles: soft ? Number(soft) : 1_024, ephemeralPorts: Math.max(0, high - low + 1) }
}

const MOST_SOCKETS = 4_000

/** How many sockets a sweep may hold open: most of the descriptors that are left, and a fraction of the ports. */
export const socketsFor = ({ openFiles, maxFiles, ephemeralPorts }: Capacity): number =>
  Math.max(16, Math.min(MOST_SOCKETS, Math.floor((maxFiles - openFiles - 200) * 0.8), Math.floor(ephemeralPorts / 4)))
