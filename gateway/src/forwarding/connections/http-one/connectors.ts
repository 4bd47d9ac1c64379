import type { ClientTls } from '@gatehouse/tls/client-tls'
import { buildConnector } from 'undici'
import type { Connect, Connector, OnBytes } from './connection-options.ts'

/** The buffer into which all connections read, one after the other. */
const ARRIVED = Buffer.allocUnsafeSlow(64 * 1024)

const takeFrom = (onBytes: OnBytes) => (count: number, buffer: Uint8Array) =>
  onBytes((buffer as Buffer).subarray(0, count))

/** One connector for each way to verify certificates: it keeps TLS sessions. */
export function connectors(connectMs: number): (tls: ClientTls | null) => Connect {
  const plain: Connect = (target, done, onBytes) => {
    const onread = { buffer: ARRIVED, callback: takeFrom(onBytes) }
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
