import type { ChainRecord } from '@gatehouse/audit-chain/chain-record'
import type { LiveGateway } from '@gatehouse/fleet/fleet'
import type { KeyRecord } from '../keys/key-lifecycle.ts'

/** What the stream sends to operators. */
export type LiveEvent =
  | { readonly type: 'audit'; readonly record: ChainRecord }
  /** all signing keys, at the beginning and after each change */
  | { readonly type: 'keys'; readonly keys: readonly KeyRecord[] }
  /**
   * all live gateways, at the beginning and when one of them has other keys or routes, comes or
   * goes
   */
  | { readonly type: 'gateways'; readonly gateways: readonly LiveGateway[] }
  /** the audit events from `first` to `last` are not sent: they can be read from the audit log */
  | { readonly type: 'gap'; readonly first: number; readonly last: number }

/** One connection. */
export type FeedReader = {
  /** the number of the last audit event that it has; null: only later ones are sent */
  readonly after: number | null
  /**
   * Sends an event. Returns false if no further event should be sent until `resume`.
   * @param position the number of the last audit event that the reader then has
   */
  send(event: LiveEvent, position: number): boolean
  /** Keeps the connection open while nothing happens. */
  beat(): void
  /**
   * Whether the operator may still read; checked before each new event is sent. If it rejects, the
   * connection ends too.
   */
  isAllowed(): boolean | Promise<boolean>
  end(): void
}

/** @param onFault gets a fault of the check, with which the reader may not read */
export async function mayRead(
  reader: Pick<FeedReader, 'isAllowed'>,
  onFault: (error: unknown) => void
): Promise<boolean> {
  try {
    return await reader.isAllowed()
  } catch (error) {
    onFault(error)
    return false
  }
}
