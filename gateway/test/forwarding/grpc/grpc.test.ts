import { once } from 'node:events'
import { Metadata, status } from '@grpc/grpc-js'
import { Registry } from 'prom-client'
import t from 'tap'
import {
  callsThroughGateway,
  endOf,
  listing,
  putting,
  signedIn,
  talking,
  unary
} from '../fixtures/calls.ts'
import { detailsOf, metadataOf } from '../fixtures/status-details.ts'

const metrics = new Registry()
const common = await callsThroughGateway(t, { metrics })
const { gateway, client, handlers } = common

t.test('a call reaches its service with the identity that the gateway vouches for', async (t) => {
  let received = new Metadata()
  handlers.get = (call, answer) => {
    received = call.metadata
    call.sendMetadata(metadataOf({ 'x-own': 'yes', 'x-auth-subject': 'of the service' }))
    answer(
      null,
      Buffer.from(`got ${call.request}`),
      metadataOf({ 'x-cost-bin': Buffer.of(0, 255) })
    )
  }
  const spoofed = {
    'x-auth-subject': 'admin',
    x_auth_roles: 'admin',
    'x-forwarded-for': '192.0.2.1'
  }
  const ended = await unary(client, signedIn(gateway, { ...spoofed, 'x-mine': 'kept' }))
  t.equal(ended.code, status.OK)
  t.equal(ended.message, 'got hello')
  t.strictSame(ended.metadata.get('x-cost-bin'), [Buffer.of(0, 255)], 'trailers with bytes')
  t.match(received.getMap(), {
    'x-auth-subject': 'user-1',
    'x-auth-roles': 'user',
    'x-mine': 'kept'
  })
  t.match(received.get('x-auth-assertion')[0], /^ey/)
  t.strictSame(received.get('authorization'), [])
  t.strictSame(received.get('x_auth_roles'), [])
  t.equal(received.get('x-forwarded-for')[0], '127.0.0.1')
})

t.test('messages stream to the client, to the service, and both ways at once', async (t) => {
  handlers.list = (call) => {
    for (let index = 0; index < 100; index += 1) call.write(Buffer.from(`${index}`))
    call.end(metadataOf({ 'x-count': '100' }))
  }
  const list = listing(client, signedIn(gateway))
  const got: string[] = []
  list.on('data', (message: Buffer) => got.push(message.toString()))
  const { code, metadata } = await endOf(list)
  t.equal(code, status.OK)
  t.equal(got.join(), Array.from({ length: 100 }, (_, index) => index).join())
  t.strictSame(metadata.get('x-count'), ['100'])

  handlers.put = (call, answer) => {
    let bytes = 0
    call.on('data', (message: Buffer) => {
      bytes += message.length
    })
    call.once('end', () => answer(null, Buffer.from(`${bytes} bytes`)))
  }
  const sum = await new Promise((resolve) => {
    const put = putting(client, signedIn(gateway), (error, value) => resolve(error ?? `${value}`))
    for (let index = 0; index < 50; index += 1) put.write(Buffer.alloc(10_000))
    put.end()
  })
  t.equal(sum, '500000 bytes', 'more than the windows of both connections')

  handlers.talk = (call) => {
    call.on('data', (message: Buffer) => call.write(Buffer.from(`re: ${message}`)))
    call.once('end', () => call.end())
  }
  const talk = talking(client, signedIn(gateway))
  for (const word of ['one', 'two', 'three']) {
    talk.write(Buffer.from(word))
    const [answer] = await once(talk, 'data')
    t.equal(`${answer}`, `re: ${word}`, 'an answer before the request has ended')
  }
  const end = endOf(talk)
  talk.end()
  t.equal((await end).code, status.OK)
})

t.test('the status of a service reaches the client, before and after messages', async (t) => {
  handlers.get = (_call, answer) =>
    answer({
      code: status.NOT_FOUND,
      details: 'no such thing: ä',
      metadata: metadataOf({ 'x-why': 'gone' })
    })
  const { code, details, metadata } = await unary(client, signedIn(gateway))
  t.equal(code, status.NOT_FOUND)
  t.equal(details, 'no such thing: ä')
  t.strictSame(metadata.get('x-why'), ['gone'])

  handlers.list = (call) => {
    call.write(Buffer.from('one'), () =>
      call.emit('error', { code: status.ABORTED, details: 'in the middle' })
    )
  }
  const list = listing(client, signedIn(gateway))
  const got: string[] = []
  list.on('data', (message: Buffer) => got.push(message.toString()))
  const ended = await endOf(list)
  t.strictSame([ended.code, ended.details, got], [status.ABORTED, 'in the middle', ['one']])
})

t.test('a refusal is a gRPC status, with the code of the problem in its details', async (t) => {
  const refused = async (metadata: Metadata, path?: string) => {
    const { code, metadata: sent } = await unary(
      client,
      metadata,
      path === undefined ? {} : { path }
    )
    const details = detailsOf(sent)
    t.equal(details.code, code)
    t.match(details.requestId, /./)
    t.strictSame(sent.get('x-request-id'), [details.requestId])
    return [code, details.reason]
  }
  const expired = new Metadata()
  expired.set('authorization', `Bearer ${gateway.token({ exp: 1, iat: 0, nbf: 0 })}`)
  t.strictSame(await refused(new Metadata()), [status.UNAUTHENTICATED, 'UNAUTHENTICATED'])
  t.strictSame(await refused(expired), [status.UNAUTHENTICATED, 'TOKEN_EXPIRED'])
  const known = signedIn(gateway)
  t.strictSame(await refused(known, '/shop.Other/Get'), [status.UNIMPLEMENTED, 'NOT_FOUND'])
  t.strictSame(await refused(known, '/shop.Admin/Get'), [status.PERMISSION_DENIED, 'FORBIDDEN'])
})

t.test('calls are counted by the status with which they end', async (t) => {
  const text = await metrics.metrics()
  for (const [route, code] of [
    ['calls', status.OK],
    ['calls', status.NOT_FOUND],
    ['calls', status.ABORTED],
    ['calls', status.UNAUTHENTICATED],
    ['admin', status.PERMISSION_DENIED],
    ['none', status.UNIMPLEMENTED]
  ]) {
    t.match(text, new RegExp(`gateway_grpc_calls_total{route="${route}",status="${code}"} [1-9]`))
  }
})
