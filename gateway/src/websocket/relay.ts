import type { WebSocket } from 'ws'
import { type Guarded, guard, type NoteFault } from '../forwarding/faults/guard.ts'
import type { Side } from './arriving-bytes.ts'
import { closeCode, codeOfFault, isSendable } from './close-codes.ts'
import { keepAlive } from './keep-alive.ts'
import type { MessageAccount } from './message-memory.ts'
import { passMessages } from './pass-messages.ts'

export type Relay = {
  /** Closes both sides, the client with this code and reason. */
  end(code: number, reason: string): void
}

type RelayOptions = {
  /** how long a side may show no sign of life */
  readonly idleMs: number
  readonly noteFault: NoteFault
  /** whose WebSocket it is; callers take turns */
  readonly caller: string | null
  /** an account of the caller in the memory for messages */
  readonly account: () => MessageAccount
  readonly onEnd: () => void
}

/** for the last messages of a side that is to close */
const CLOSING_MS = 2000

/** A client and its service, both connected, until one of them closes. */
type Link = {
  readonly client: WebSocket
  readonly service: WebSocket
  readonly guarded: Guarded
  readonly onEnd: () => void
  /** those that the messages use */
  readonly accounts: MessageAccount[]
  pinging: NodeJS.Timeout | undefined
  isOver: boolean
}

/**
 * Passes messages between a client and its service, both connected, no faster than each side reads,
 * until one of them closes.
 */
export function relay(ofClient: Side, ofService: Side, options: RelayOptions): Relay {
  const { idleMs, noteFault, onEnd } = options
  const [client, service] = [ofClient.webSocket, ofService.webSocket]
  const guarded = guard({ place: 'websocket', noteFault, end: () => cut(link) })
  const link: Link = {
    client,
    service,
    guarded,
    onEnd,
    accounts: [],
    pinging: undefined,
    isOver: false
  }
  const account = (): MessageAccount => {
    const made = options.account()
    link.accounts.push(made)
    return made
  }
  link.pinging = keepAlive([ofClient, ofService], idleMs, guarded, {
    onSilence: () => cut(link),
    onFlood: (side) => closeFlooded(link, side)
  })
  for (const from of [ofClient, ofService]) {
    passMessages({
      from,
      to: from === ofClient ? service : client,
      isMasked: from === ofClient,
      caller: options.caller,
      account,
      guarded,
      isOver: () => link.isOver,
      onFull: () => closeFull(link, from.webSocket)
    })
  }
  passCloses(link)
  client.resume()
  service.resume()
  return { end: (code, reason) => closeBoth(link, [code, reason], [closeCode.goingAway]) }
}

/** Ends a link once. A side that does not complete the close handshake is cut after a while. */
function finish(link: Link, close: (link: Link) => void): void {
  if (link.isOver) return
  link.isOver = true
  clearInterval(link.pinging)
  setTimeout(() => {
    terminateBoth(link)
    for (const account of link.accounts) account.hold(0)
  }, CLOSING_MS).unref()
  link.onEnd()
  close(link)
}

const cut = (link: Link): void => finish(link, terminateBoth)

function terminateBoth({ client, service }: Link): void {
  client.terminate()
  service.terminate()
}

/** A code, and a reason or none. */
type Close = readonly [number, string?]

const closeBoth = (link: Link, ofClient: Close, ofService: Close): void =>
  finish(link, ({ client, service }) => {
    client.close(...ofClient)
    service.close(...ofService)
  })

/** One side has sent too many control frames. */
function closeFlooded(link: Link, flooding: WebSocket): void {
  const { badGateway, policyViolation } = closeCode
  const code = flooding === link.client ? policyViolation : badGateway
  closeBoth(link, [code], [policyViolation])
}

/** A message does not fit into the memory. */
const closeFull = (link: Link, sender: WebSocket): void =>
  finish(link, ({ client, service }) => {
    client.close(closeCode.tryAgainLater)
    service.close(closeCode.goingAway)
    // Reads nothing more of the message.
    sender.pause()
  })

/** Closes each side when the other one has closed or failed. */
function passCloses(link: Link): void {
  const { client, service, guarded } = link
  client.on(
    'close',
    guarded((code: number, reason: Buffer) =>
      finish(link, () => closeService(service, code, reason))
    )
  )
  service.on(
    'close',
    guarded((code: number, reason: Buffer) => finish(link, () => closeClient(client, code, reason)))
  )
  // After an invalid frame, the 'close' event of that side waits for its peer, which may never
  // answer.
  client.on(
    'error',
    guarded((error: Error) => finish(link, () => closeService(service, codeOfFault(error))))
  )
  service.on(
    'error',
    guarded(() => finish(link, () => client.close(closeCode.badGateway)))
  )
}

/** RFC 6455 §7.1.5: a close frame without a code */
const NO_CODE = 1005

/** Closes the service with the code of its client; cuts it if the client has vanished. */
function closeService(service: WebSocket, code: number, reason?: Buffer): void {
  if (isSendable(code)) service.close(code, reason)
  else if (code === NO_CODE) service.close()
  else service.terminate()
}

/** Closes a client with the code of its service; says that the service has vanished. */
function closeClient(client: WebSocket, code: number, reason: Buffer): void {
  if (isSendable(code)) client.close(code, reason)
  else if (code === NO_CODE) client.close()
  else client.close(closeCode.badGateway)
}
