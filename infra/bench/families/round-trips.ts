import { poster } from '../poster.ts'
import type { RefreshProgram } from './peers/peer.ts'
import { sentCommands } from './sent-commands.ts'

const BATCHES = 20
const REFRESHES = 5

/** How many commands, and statements, a program sends for a refresh. */
export type RoundTrips = { readonly redis: number; readonly database: number }

/**
 * Counts what the auth service sends to its stores while one client refreshes, one refresh after
 * the other. Heartbeats and background work send a few commands per second, so the batch of
 * refreshes with the fewest counts, rounded.
 */
export async function roundTrips(
  program: RefreshProgram & { readonly opsUrl: string },
  redisUrl: string
): Promise<RoundTrips> {
  const post = poster(program.url, 1)
  let token = await program.open(post)
  const commands = await sentCommands(redisUrl)
  const fewest = { redis: Number.POSITIVE_INFINITY, database: Number.POSITIVE_INFINITY }
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const statements = await databaseCalls(program.opsUrl)
    const before = commands.count()
    for (let done = 0; done < REFRESHES; done += 1) token = await program.refresh(post, token)
    const sent = (await databaseCalls(program.opsUrl)) - statements
    fewest.redis = Math.min(fewest.redis, commands.count() - before)
    fewest.database = Math.min(fewest.database, sent)
  }
  commands.stop()
  return {
    redis: Math.round(fewest.redis / REFRESHES),
    database: Math.round(fewest.database / REFRESHES)
  }
}

/** The statements that the process has sent to its database, as its metrics say. */
async function databaseCalls(opsUrl: string): Promise<number> {
  const metrics = await (await fetch(`${opsUrl}/metrics`)).text()
  const pattern =
    /^auth_store_call_duration_seconds_count\{.*call="(?:begin|commit|select|insert|update|delete|other)".*\} (\d+)/gm
  return [...metrics.matchAll(pattern)].reduce((sum, [, count]) => sum + Number(count), 0)
}
