import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { fakeProvider } from '@gatehouse/fixtures/fake-provider'
import { operator } from '@gatehouse/fixtures/operator'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import type { Test } from 'tap'
import { liveService } from '../fixtures/live-service.ts'
import { notedClient, sharedStorage } from '../fixtures/noted-client.ts'

export type Programs = Awaited<ReturnType<typeof programs>>

/** The whole system with a service that accepts WebSockets, and programs that sign in to it. */
export async function programs(t: Test) {
  const folder = dataFolder(t)
  const { routes, handshakes } = await liveService(t, folder)
  const provider = await fakeProvider(t)
  const settings = {
    GATEHOUSE_DATA_DIR: folder,
    GATEWAY_ROUTES: routes,
    AUTH_PROVIDERS_FILE: providersFile(folder, provider.issuer),
    AUTH_RETURN_URLS: APP_URL
  }
  const { url: baseUrl } = await wholeSystem(t, settings)
  let people = 0

  /** A new user, and a client that is signed in as this user. */
  async function someone(options: { origins?: string[] } = {}) {
    const user = { email: `user-${people++}@example.com`, password: 'correct horse battery' }
    const shared = sharedStorage()
    const noted = notedClient({ baseUrl, delivery: 'body', storage: shared.storage, ...options })
    await noted.client.register(user)
    const session = await noted.client.login(user)
    noted.paths.length = 0
    const { client, paths, refreshes, pass } = noted
    const { storage, token } = shared
    return { client, paths, refreshes, pass, storage, token, user, session }
  }
  return { baseUrl, folder, handshakes, ops: operator(folder), someone, provider }
}

/** where logins at the provider return: the programs are a native app */
export const APP_URL = 'com.example.app:/signed-in'

/** A file with one provider. */
function providersFile(folder: string, issuer: string): string {
  const file = join(folder, 'providers.json')
  const acme = { id: 'acme', name: 'Acme', issuer, clientId: 'gatehouse' }
  writeFileSync(file, JSON.stringify({ providers: [acme] }))
  return file
}
