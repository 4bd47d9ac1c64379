import { crc32, deflateSync } from 'node:zlib'

/** How many pixels a module has in each direction. */
const SCALE = 4

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex')

/** The modules of a QR code as a PNG image (RFC 2083), with one bit for each pixel. Pure. */
export function pngOf(modules: readonly (readonly boolean[])[]): Buffer {
  const size = modules.length * SCALE
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  header.writeUInt8(1, 8)
  const rows = modules.flatMap((row) => Array<Buffer>(SCALE).fill(rowOf(row)))
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0))
  ])
}

/** A row of pixels, without a filter (§6.1). The four of a module are one hexadecimal digit. */
function rowOf(row: readonly boolean[]): Buffer {
  const pixels = row.map((isDark) => (isDark ? '0' : 'f')).join('')
  return Buffer.from(`00${pixels}${row.length % 2 === 0 ? '' : '0'}`, 'hex')
}

/** §3.2 */
function chunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const content = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(content))
  return Buffer.concat([length, content, check])
}
