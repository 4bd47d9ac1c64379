import { poster } from '../poster.ts'
import type { RefreshProgram } from './peers/peer.ts'
import { sentCommands } from './sent-commands.ts'

const REFRESHES = 100

/** How many commands, and statements, a program sends for a refresh. */
export type RoundTrips = { readonly redis: number; readonly database: number }

/**
 * Counts what the auth service sends to its stores while one client refreshes, one refresh after
 * the other. Rounded, because heartbeats and background work send a few commands per second.
 */
export async function roundTrips(
  program: RefreshProgram & { readonly opsUrl: string },
  redisUrl: string
): Promise<RoundTrips> {
  const post = poster(program.url, 1)
  let token = await program.open(post)
  const statements = await databaseCalls(program.opsUrl)
  const commands = await sentCommands(redisUrl)
  for (let done = 0; done < REFRESHES; done += 1) token = await program.refresh(post, token)
  return {
    redis: Math.round(commands.stop() / REFRESHES),
    database: Math.round(((await databaseCalls(program.opsUrl)) - statements) / REFRESHES)
  }
}

/** The statements that the process has sent to its database, as its metrics say. */
async function databaseCalls(opsUrl: string): Promise<number> {
  const metrics = await (await fetch(`${opsUrl}/metrics`)).text()
  const pattern =
    /^auth_store_call_duration_seconds_count\{.*call="(?:begin|commit|select|insert|update|delete|other)".*\} (\d+)/gm
  return [...metrics.matchAll(pattern)].reduce((sum, [, count]) => sum + Number(count), 0)
}
