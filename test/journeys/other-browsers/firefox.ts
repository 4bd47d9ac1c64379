import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from '@gatehouse/start/free-port'
import type { WebBrowser } from './web-browser.ts'

/** `[1, id, error, result]`: the answer to a command of Marionette, Firefox's own WebDriver. */
type Answer = readonly [number, number, { readonly message: string } | null, unknown]

/** Firefox without a window, with an authenticator that verifies its user. */
export async function firefox(program: string): Promise<WebBrowser> {
  const port = await freePort()
  const profile = mkdtempSync(join(tmpdir(), 'firefox-'))
  writeFileSync(
    join(profile, 'user.js'),
    `user_pref('marionette.port', ${port});
user_pref('intl.accept_languages', 'en');
user_pref('security.webauth.webauthn_enable_softtoken', true);
user_pref('security.webauth.webauthn_enable_usbtoken', false);
`
  )
  const child = spawn(
    program,
    ['--headless', '--marionette', '--no-remote', '--profile', profile],
    {
      stdio: 'ignore'
    }
  )
  const send = await marionette(await connected(port))
  await send('WebDriver:NewSession', { acceptInsecureCerts: true })
  await send('WebAuthn:AddVirtualAuthenticator', {
    protocol: 'ctap2',
    transport: 'internal',
    hasResidentKey: true,
    hasUserVerification: true,
    isUserConsenting: true,
    isUserVerified: true
  })
  const resultOf = (result: unknown) => (result as { readonly value: unknown }).value
  return {
    async goTo(url) {
      await send('WebDriver:Navigate', { url })
    },
    run: async (script, ...args) =>
      resultOf(await send('WebDriver:ExecuteScript', { script, args })),
    async forgetCookies() {
      await send('WebDriver:DeleteAllCookies', {})
    },
    screenshot: async () =>
      String(resultOf(await send('WebDriver:TakeScreenshot', { full: true }))),
    async close() {
      const exited = once(child, 'exit')
      child.kill()
      await exited
      rmSync(profile, { recursive: true, force: true })
    }
  }
}

async function connected(port: number): Promise<Socket> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return socket
    } catch {
      await wait(100)
    }
  }
  throw new Error('Firefox does not listen')
}

/** Messages are JSON, each after its length in bytes and a colon. */
async function marionette(socket: Socket) {
  const waiting = new Map<number, (answer: Answer) => void>()
  let rest = Buffer.alloc(0)
  let isGreeted = false
  const greeted = Promise.withResolvers<void>()
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      const colon = rest.indexOf(':')
      const end = colon + 1 + Number(rest.subarray(0, colon).toString())
      if (colon === -1 || rest.length < end) return
      const message = JSON.parse(rest.subarray(colon + 1, end).toString())
      rest = rest.subarray(end)
      if (isGreeted) waiting.get((message as Answer)[1])?.(message)
      isGreeted = true
      greeted.resolve()
    }
  })
  await greeted.promise
  let last = 0
  return async (command: string, parameters: object): Promise<unknown> => {
    last += 1
    const answered = Promise.withResolvers<Answer>()
    waiting.set(last, answered.resolve)
    const text = JSON.stringify([0, last, command, parameters])
    socket.write(`${Buffer.byteLength(text)}:${text}`)
    const [, , error, result] = await answered.promise
    if (error !== null) throw new Error(`${command}: ${error.message}`)
    return result
  }
}
