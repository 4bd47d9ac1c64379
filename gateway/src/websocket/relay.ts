import type { WebSocket } from 'ws'
import { guard, type NoteFault } from '../forwarding/guard.ts'
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
  /** an account of the caller in the memory for messages */
  readonly account: () => MessageAccount
  readonly onEnd: () => void
}

/** for the last messages of a side that is to close */
const CLOSING_MS = 2000

/**
 * Passes messages between a client and its service, both connected, no faster than each side reads,
 * until one of them closes.
 */
export function relay(ofClient: Side, ofService: Side, options: RelayOptions): Relay {
  const [client, service] = [ofClient.webSocket, ofService.webSocket]
  const accounts: MessageAccount[] = []
  const account = (): MessageAccount => {
    const made = options.account()
    accounts.push(made)
    return made
  }
  let over = false
  const finish = (ends: () => void): void => {
    if (over) return
    over = true
    clearInterval(pinging)
    // Does not wait longer for a side that does not complete the close handshake.
    setTimeout(() => {
      client.terminate()
      service.terminate()
      for (const each of accounts) each.hold(0)
    }, CLOSING_MS).unref()
    options.onEnd()
    ends()
  }
  const cut = (): void =>
    finish(() => {
      client.terminate()
      service.terminate()
    })
  const guarded = guard({ place: 'websocket', noteFault: options.noteFault, end: cut })
  const pinging = keepAlive([client, service], options.idleMs, guarded, {
    onSilence: cut,
    onFlood: (side) =>
      finish(() => {
        client.close(side === client ? closeCode.policyViolation : closeCode.badGateway)
        service.close(closeCode.policyViolation)
      })
  })

  for (const from of [ofClient, ofService]) {
    passMessages({
      from,
      to: from === ofClient ? service : client,
      isMasked: from === ofClient,
      account,
      guarded,
      isOver: () => over,
      onFull: () =>
        finish(() => {
          client.close(closeCode.tryAgainLater)
          service.close(closeCode.goingAway)
          // Reads nothing more of the message.
          from.webSocket.pause()
        })
    })
  }
  client.on(
    'close',
    guarded((code: number, reason: Buffer) => finish(() => closeWith(service, code, reason)))
  )
  service.on(
    'close',
    guarded((code: number, reason: Buffer) =>
      finish(() => {
        if (isSendable(code)) client.close(code, reason)
        else if (code === NO_CODE) client.close()
        else client.close(closeCode.badGateway)
      })
    )
  )
  // After an invalid frame, the 'close' event of that side waits for its peer, which may never
  // answer.
  client.on(
    'error',
    guarded((error: Error) => finish(() => closeWith(service, codeOfFault(error))))
  )
  service.on(
    'error',
    guarded(() => finish(() => client.close(closeCode.badGateway)))
  )
  client.resume()
  service.resume()

  return {
    end: (code, reason) =>
      finish(() => {
        client.close(code, reason)
        service.close(closeCode.goingAway)
      })
  }
}

/** RFC 6455 §7.1.5: a close frame without a code */
const NO_CODE = 1005

/** Closes a side with the code of the other one; cuts it if the other one has vanished. */
function closeWith(side: WebSocket, code: number, reason?: Buffer): void {
  if (isSendable(code)) side.close(code, reason)
  else if (code === NO_CODE) side.close()
  else side.terminate()
}
