import { randomUUID } from 'node:crypto'
import { client, eventually } from '@gatehouse/fixtures/client'
import { documentedShell } from '@gatehouse/fixtures/documented-shell'
import type { Installation } from '@gatehouse/fixtures/installation'
import type { Test } from 'tap'
import { blocksOf } from './documented-blocks.ts'

const password = 'correct horse battery'
const PATIENCE_MS = 20_000

/** The shell blocks of a runbook, run one after the other as they are written. */
export async function runbook(t: Test, name: string, folder: string) {
  const left = blocksOf(`docs/runbooks/${name}.md`, 'sh')
  const run = await documentedShell(t, folder)
  const next = (variables: Record<string, string> = {}): Promise<string> =>
    run(left.shift() ?? 'exit 3', variables)
  return { next, isOver: () => left.length === 0 }
}

/** One more user of an installation, who is signed in. */
export async function inhabited(system: Installation) {
  const urls = system.gateways.map(({ url }) => url)
  const api = client(urls[0] ?? '')
  const email = `ada-${randomUUID()}@example.com`
  const user = (await api.register(email, password)).body.user
  const tokens = (await api.login(email, password)).body
  const say = async (token: string) =>
    Promise.all(
      urls.map(async (url) => {
        const { status, body } = await client(url).call<{ code?: string }>('/orders', { token })
        return body.code ?? String(status)
      })
    )
  /** what all gateways come to say of a token */
  const allSay = (token: string, word: string) =>
    eventually(
      () => say(token),
      (words) => words.every((one) => one === word),
      PATIENCE_MS
    )
  return { ...system, api, API: urls[0] ?? '', email, user, tokens, allSay }
}
