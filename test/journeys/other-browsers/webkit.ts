import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from '@gatehouse/start/free-port'
import type { WebBrowser } from './web-browser.ts'

/**
 * WebKitGTK's MiniBrowser, which trusts any certificate. It has no passkeys, and needs a display,
 * such as that of `xvfb-run`.
 * @param program of the driver
 */
export async function webkit(program: string, browser: string): Promise<WebBrowser> {
  const port = await freePort()
  const child = spawn(program, [`--port=${port}`, '--host=127.0.0.1'], { stdio: 'ignore' })
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
    const { value } = (await response.json()) as { readonly value: unknown }
    if (!response.ok) throw new Error(`${path}: ${JSON.stringify(value)}`)
    return value
  }
  await listening(() => ask('GET', '/status'))
  const options = { binary: browser, args: ['--automation'] }
  const { sessionId } = (await ask('POST', '/session', {
    capabilities: {
      alwaysMatch: { acceptInsecureCerts: true, 'webkitgtk:browserOptions': options }
    }
  })) as { readonly sessionId: string }
  const session = `/session/${sessionId}`
  return {
    async goTo(url) {
      await ask('POST', `${session}/url`, { url })
    },
    run: (script, ...args) => ask('POST', `${session}/execute/sync`, { script, args }),
    async forgetCookies() {
      await ask('DELETE', `${session}/cookie`)
    },
    screenshot: async () => String(await ask('GET', `${session}/screenshot`)),
    async close() {
      await ask('DELETE', session)
      const exited = once(child, 'exit')
      child.kill()
      await exited
    }
  }
}

async function listening(ask: () => Promise<unknown>): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    try {
      await ask()
      return
    } catch {
      await wait(100)
    }
  }
  throw new Error('WebKitWebDriver does not listen')
}
