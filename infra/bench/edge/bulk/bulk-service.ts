import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** A service that sends as many bytes as it was told to, and takes any number. */
const [port, bytes] = process.argv.slice(2)
const PIECE = Buffer.alloc(256 * 1024, 'x')

function* pieces() {
  for (let left = Number(bytes); left > 0; left -= PIECE.length) {
    yield left < PIECE.length ? PIECE.subarray(0, left) : PIECE
  }
}

createServer(async (request, response) => {
  if (request.method === 'GET') {
    response.setHeader('content-length', Number(bytes))
    return await pipeline(Readable.from(pieces()), response)
  }
  let received = 0
  request.on('data', (piece) => {
    received += piece.length
  })
  request.on('end', () => response.end(String(received)))
}).listen(Number(port), '127.0.0.1')
