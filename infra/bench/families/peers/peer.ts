import { fileURLToPath } from 'node:url'
import { freePort } from '@gatehouse/start/free-port'
import { answers, type Program, start } from '../../edge/programs.ts'
import type { Post } from '../../poster.ts'

/** How a client opens a session at a program, and refreshes it. */
export type RefreshClient = {
  readonly open: (post: Post) => Promise<string>
  /** @returns the next refresh token */
  readonly refresh: (post: Post, token: string) => Promise<string>
}

/** A program whose refreshes are measured. */
export type RefreshProgram = RefreshClient & Program & { readonly id: string; readonly url: string }

type Peer = { readonly id: string; readonly file: string; readonly client: RefreshClient }

/** Starts the program of a file in this folder. */
export async function startPeer(
  { id, file, client }: Peer,
  redisUrl: string
): Promise<RefreshProgram> {
  const port = await freePort()
  const main = fileURLToPath(new URL(file, import.meta.url))
  const program = start('measured', [process.execPath, main, String(port), redisUrl])
  const url = `http://127.0.0.1:${port}`
  await answers(url, [404])
  return { ...program, ...client, id, url }
}
