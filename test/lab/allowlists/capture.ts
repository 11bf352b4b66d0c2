/** `capture.ts SOURCE TARGET PORT`: a capture of one connection attempt, in pcap's format, link type raw IP, on stdout. */
const [source = '', target = '', port = '0'] = process.argv.slice(2)

const bytesOf = (address: string): number[] => address.split('.').map(Number)

function sum(bytes: Buffer): number {
  let total = 0
  for (let i = 0; i < bytes.length; i += 2) total += bytes.readUInt16BE(i)
  while (total > 0xffff) total = (total & 0xffff) + (total >> 16)
  return ~total & 0xffff
}

const tcp = Buffer.alloc(20)
tcp.writeUInt16BE(40_000, 0)
tcp.writeUInt16BE(Number(port), 2)
tcp.writeUInt32BE(1, 4)
tcp[12] = 5 << 4
tcp[13] = 2
tcp.writeUInt16BE(64_240, 14)
const ip = Buffer.from([0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0, ...bytesOf(source), ...bytesOf(target)])
ip.writeUInt16BE(sum(ip), 10)
tcp.writeUInt16BE(sum(Buffer.concat([ip.subarray(12, 20), Buffer.from([0, 6, 0, 20]), tcp])), 16)

const head = Buffer.alloc(24)
head.writeUInt32LE(0xa1b2c3d4, 0)
head.writeUInt16LE(2, 4)
head.writeUInt16LE(4, 6)
head.writeUInt32LE(65_535, 16)
head.writeUInt32LE(101, 20)
const record = Buffer.alloc(16)
record.writeUInt32LE(1_700_000_000, 0)
record.writeUInt32LE(40, 8)
record.writeUInt32LE(40, 12)
process.stdout.write(Buffer.concat([head, record, ip, tcp]))
