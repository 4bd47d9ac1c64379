import type { ClientTls } from '@gatehouse/tls/client-tls'
import { buildConnector } from 'undici'
import type { Connect, Connector, OnBytes } from './connection-options.ts'

const takeFrom = (onBytes: OnBytes) => (count: number, buffer: Uint8Array) =>
  onBytes((buffer as Buffer).subarray(0, count))

/** One connector for each way to verify certificates: it keeps TLS sessions. */
export function connectors(connectMs: number): (tls: ClientTls | null) => Connect {
  const plain: Connect = (target, done, onBytes, reads) => {
    // Node.js asks for the buffer again after each read.
    const onread = { buffer: () => reads.current, callback: takeFrom(onBytes) }
    return (buildConnector({ timeout: connectMs, allowH2: false, onread }) as Connector)(
      target,
      done
    )
  }
  const secured = new WeakMap<ClientTls, Connect>()
  return (tls) => {
    if (tls === null) return plain
    const known = secured.get(tls)
    if (known !== undefined) return known
    const made = buildConnector({ timeout: connectMs, allowH2: false, ...tls.options }) as Connector
    secured.set(tls, made)
    return made
  }
}
