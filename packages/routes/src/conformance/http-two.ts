import type { Socket } from 'node:net'
import { type Line, type Received, receive } from './deployment.ts'
import {
  type Frame,
  frame,
  frameFlag,
  frameReader,
  frameType,
  headerBlock,
  PREFACE
} from './frames.ts'
import { type Field, MARKER, type Probe } from './probe.ts'

const STREAM = 1
const { endStream, endHeaders, padded } = frameFlag

/**
 * Sends a probe over a connection of its own, to the letter, and reads the body of the response.
 * Without TLS, HTTP/2 is spoken from the first byte. An HTTP library would refuse to send most of
 * what a probe contains.
 */
export async function sendByHttpTwo(line: Line, probe: Probe, marker: string): Promise<Received> {
  const socket = line.open('h2')
  socket.write(
    Buffer.concat([Buffer.from(PREFACE), settings(0), ...requestOf(line, probe, marker)])
  )
  const framesIn = frameReader()
  let text = ''
  let hasBegun = false
  const { isWaiting } = await receive(socket, line, (chunk) => {
    for (const one of framesIn(chunk)) {
      acknowledge(socket, one)
      if (one.stream === STREAM && one.type === frameType.data) text += contentOf(one)
      if (isOfResponse(one)) hasBegun = true
      if (endsResponse(one)) return 'all'
    }
    return hasBegun ? 'part' : 'nothing'
  })
  return { text, isWaiting }
}

function requestOf({ gateway, echoRoute, token }: Line, probe: Probe, marker: string): Buffer[] {
  const { method = 'GET', target = `${echoRoute}/${MARKER}`, fields = [], body } = probe
  const all: Field[] = [
    [':method', method],
    [':scheme', gateway.protocol.slice(0, -1)],
    [':authority', gateway.host],
    [':path', target],
    ...(token === null ? [] : [['authorization', `Bearer ${token}`] as const]),
    [MARKER, marker],
    ...fields
  ]
  const flags = body === undefined ? endHeaders | endStream : endHeaders
  const head = { type: frameType.headers, flags, stream: STREAM, payload: headerBlock(all) }
  if (body === undefined) return [frame(head)]
  const payload = Buffer.from(body, 'latin1')
  return [frame(head), frame({ type: frameType.data, flags: endStream, stream: STREAM, payload })]
}

const settings = (flags: number): Buffer =>
  frame({ type: frameType.settings, flags, stream: 0, payload: Buffer.alloc(0) })

function acknowledge(socket: Socket, { type, flags, payload }: Frame): void {
  if ((flags & 1) !== 0) return
  if (type === frameType.settings) socket.write(settings(1))
  if (type === frameType.ping) socket.write(frame({ type, flags: 1, stream: 0, payload }))
}

const isOfResponse = ({ stream, type }: Frame): boolean =>
  stream === STREAM && (type === frameType.data || type === frameType.headers)

/** A connection that is ended, and a stream that is reset, are refusals. */
const endsResponse = (one: Frame): boolean =>
  one.type === frameType.goAway ||
  (one.stream === STREAM && one.type === frameType.reset) ||
  (isOfResponse(one) && (one.flags & endStream) !== 0)

function contentOf({ flags, payload }: Frame): string {
  const isPadded = (flags & padded) !== 0
  const end = isPadded ? payload.length - payload.readUInt8(0) : payload.length
  return payload.subarray(isPadded ? 1 : 0, end).toString('latin1')
}
