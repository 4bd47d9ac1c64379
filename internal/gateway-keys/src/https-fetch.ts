import { get } from 'node:https'
import type { ClientTlsFiles } from '@gatehouse/tls/client-tls'
import { readClientTls } from '@gatehouse/tls/client-tls'
import type { FetchImplementation } from 'jose'
import { MOST_BYTES } from './bounded-fetch.ts'

/** What names the files in messages. */
const MEMBERS = { ca: 'tls.caFile', cert: 'tls.certFile', key: 'tls.keyFile' }

/** Responses of 1xx before the final one (RFC 9110 §15.2). None of them is used. */
const MOST_INFORMATION = 10

/**
 * A GET that verifies the server by the given authorities and shows the given certificate, for
 * jose. Each call reads the files again, and has a connection of its own.
 */
export const httpsFetch =
  (tls: ClientTlsFiles): FetchImplementation =>
  (url, { headers, signal }) =>
    new Promise((resolve, reject) => {
      const { options } = readClientTls(tls, MEMBERS)
      const asked = { ...options, headers: Object.fromEntries(headers), signal, agent: false }
      const request = get(url, asked, (response) => {
        const chunks: Buffer[] = []
        let bytes = 0
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          if (bytes > MOST_BYTES) request.destroy(new Error('the key set is too large'))
          else chunks.push(chunk)
        })
        response.on('error', reject)
        response.on('end', () =>
          resolve(
            response.statusCode === 200 ? new Response(Buffer.concat(chunks)) : Response.error()
          )
        )
      })
      let informed = 0
      request.on('information', () => {
        informed += 1
        if (informed > MOST_INFORMATION) request.destroy(new Error('too many responses of 1xx'))
      })
      request.on('error', reject)
      // Without an error if the server switches protocols. `signal` has no effect then.
      request.on('close', () => reject(new Error('the request closed without a response')))
    })
