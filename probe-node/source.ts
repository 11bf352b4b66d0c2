import { createSocket } from 'node:dgram'

/**
 * The source address the kernel would choose for a destination, or null when it has no route. A connected datagram
 * socket asks the routing table and sends nothing.
 */
export const routeTo = (address: string, family: 4 | 6): Promise<string | null> =>
  new Promise((resolve) => {
    const socket = createSocket(family === 4 ? 'udp4' : 'udp6')
    const done = (source: string | null) => {
      socket.removeAllListeners()
      socket.on('error', () => {})
      socket.close()
      resolve(source)
    }
    socket.once('error', () => done(null))
    socket.connect(9, address, (error?: Error) => done(error ? null : socket.address().address))
  })

/**
 * What to bind to so that touches of `address` leave from `sourceAddress`: null when the kernel chooses it anyway
 * (a bound socket takes its port early, and there are only some 28,000).
 */
export async function bindingFor(sourceAddress: string, address: string, family: 4 | 6): Promise<string | null> {
  const isSameFamily = sourceAddress.includes(':') === (family === 6)
  if (!isSameFamily) return null
  return (await routeTo(address, family)) === sourceAddress ? null : sourceAddress
}
