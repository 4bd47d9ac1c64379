import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext } from 'node:tls'

/** The deployment to test. */
export type Deployment = {
  /** its address, as clients know it */
  readonly gateway: URL
  /** the path of a route to an echo service, without a slash at its end, e.g. `/echo` */
  readonly echoRoute: string
  /** an access token, if the route requires one */
  readonly token: string | null
  /** the certificates of its authority, in PEM; null: those that Node.js includes */
  readonly ca: string | null
  /** how long the first byte of a response may take; default: 5 s */
  readonly patienceMs?: number
}

/** What a deployment sent, as latin1. */
export type Received = {
  readonly text: string
  /** the deployment sent nothing and left the connection open: it waits for more bytes */
  readonly isWaiting: boolean
}

/** Opens connections to a deployment. */
export type Line = Deployment & { open(protocol: 'http/1.1' | 'h2'): Socket }

/** the longest pause within a response */
const PAUSE_MS = 2000
const PATIENCE_MS = 5000

/** With TLS if the address says so. The certificates are read once. */
export function lineTo(deployment: Deployment): Line {
  const { gateway, ca } = deployment
  const isTls = gateway.protocol === 'https:'
  const port = Number(gateway.port || (isTls ? 443 : 80))
  const host = gateway.hostname.replace(/^\[|\]$/g, '')
  if (!isTls) return { ...deployment, open: () => connectTcp(port, host) }
  const secureContext = createSecureContext(ca === null ? {} : { ca })
  const servername = /^[\d.]+$|:/.test(host) ? {} : { servername: host }
  return {
    ...deployment,
    open: (protocol) =>
      connectTls({ host, port, secureContext, ALPNProtocols: [protocol], ...servername })
  }
}

/** How much of a response has arrived. */
export type Progress = 'nothing' | 'part' | 'all'

/**
 * Reads until the other side closes the connection or pauses, or the response is complete.
 * @returns whether nothing of a response came, and the connection stayed open
 */
export function receive(
  socket: Socket,
  { patienceMs = PATIENCE_MS }: Deployment,
  read: (chunk: Buffer) => Progress
): Promise<{ readonly isWaiting: boolean }> {
  let hasBegun = false
  return new Promise((resolve) => {
    const end = (isWaiting: boolean) => {
      socket.destroy()
      resolve({ isWaiting })
    }
    socket.setTimeout(patienceMs, () => end(!hasBegun))
    socket.on('data', (chunk: Buffer) => {
      const progress = read(chunk)
      if (progress === 'nothing') return
      hasBegun = true
      socket.setTimeout(PAUSE_MS)
      if (progress === 'all') end(false)
    })
    // A connection that is refused has sent nothing.
    socket.on('error', () => end(false))
    socket.on('close', () => end(false))
  })
}
