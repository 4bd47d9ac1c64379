import { fileURLToPath } from 'node:url'
import { freePort } from '@gatehouse/start/free-port'
import type { Post } from '../../poster.ts'
import { type Program, ready, start } from '../../programs.ts'

/** How a client opens a session at a program, and refreshes it. */
export type RefreshClient = {
  readonly open: (post: Post) => Promise<string>
  /** @returns the next refresh token */
  readonly refresh: (post: Post, token: string) => Promise<string>
}

/** A program whose refreshes are measured. */
export type RefreshProgram = RefreshClient & Program & { readonly id: string; readonly url: string }

type Peer = { readonly id: string; readonly file: URL; readonly client: RefreshClient }

/** Starts the program of a file. */
export async function startPeer(
  { id, file, client }: Peer,
  redisUrl: string
): Promise<RefreshProgram> {
  const port = await freePort()
  const main = fileURLToPath(file)
  const program = start('measured', [process.execPath, main, String(port), redisUrl])
  const url = `http://127.0.0.1:${port}`
  await ready(program, url, [404])
  return { ...program, ...client, id, url }
}
