import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@gatehouse/client'
import { problemAnswer, verifyAssertion } from '@gatehouse/identity'
import type { Test } from 'tap'

/**
 * A service that verifies assertions with `@gatehouse/identity`, and answers with the subject.
 * @param gatewayKeys where the gateways publish their keys, asked for each request
 */
export async function verifyingService(
  t: Test,
  audience: string,
  gatewayKeys: () => readonly string[]
): Promise<string> {
  const server = createServer(async (request, response) => {
    try {
      const options = { gatewayKeys: [...gatewayKeys()], audience }
      response.end((await verifyAssertion(request.headers, options)).subject)
    } catch (error) {
      const { status, headers, body } = problemAnswer(error, request.headers)
      response.writeHead(status, headers).end(body)
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A program that calls a service with `@gatehouse/client`, until it is stopped. */
export type CallingProgram = {
  readonly answers: readonly string[]
  stop(): Promise<void>
}

/** @throws GatehouseProblem if its user cannot sign in */
export async function callingProgram(
  baseUrl: string,
  email: string,
  { path, pauseMs }: { readonly path: string; readonly pauseMs: number }
): Promise<CallingProgram> {
  const client = createClient({ baseUrl, delivery: 'body' })
  const user = { email, password: 'correct horse battery' }
  await client.register(user)
  await client.login(user)
  const answers: string[] = []
  client.onSessionEnd(({ reason }) => answers.push(`signed out: ${reason}`))
  let isGoing = true
  const all = (async () => {
    while (isGoing) {
      answers.push(await answer(client.fetch(path)))
      await sleep(pauseMs)
    }
  })()
  return {
    answers,
    async stop() {
      isGoing = false
      await all
    }
  }
}

/** 200, or what is wrong. */
const answer = (asked: Promise<Response>): Promise<string> =>
  asked.then(
    async (response) => {
      const text = await response.text()
      return response.status === 200 ? '200' : `${response.status} ${text}`
    },
    (error) => String(error.cause?.code ?? error)
  )
