import { createServer } from 'node:http'
import { type Dispatcher, Pool } from 'undici'

/**
 * The least that a proxy does on this platform: `node:http` before undici. It has no
 * authentication, no policy, no log and no limits, and exists only to be measured.
 */
const [port, upstream = ''] = process.argv.slice(2)
const pool = new Pool(upstream, { pipelining: 1 })

createServer((request, response) => {
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart() {},
    onResponseStart(_controller, status, headers) {
      response.writeHead(status, headers)
    },
    onResponseData(_controller, chunk) {
      response.write(chunk)
    },
    onResponseEnd() {
      response.end()
    },
    onResponseError() {
      response.destroy()
    }
  }
  const { connection: _, ...headers } = request.headers
  pool.dispatch({ path: request.url ?? '/', method: 'GET', headers }, handler)
}).listen(Number(port), '127.0.0.1')
