import type { RedisConnection } from '../connecting/connection.ts'

/** The rights that a process needs. */
export type NeededRights = {
  /** a key of the kind that the commands use */
  readonly key: string
  /** each with typical arguments; `KEY` stands for the key */
  readonly commands: readonly string[]
}

/**
 * Asks without running the commands (Redis 7). The script declares no writes, so that a user with
 * read-only access can run it.
 */
const LUA = `#!lua flags=no-writes
local missing = {}
for _, text in ipairs(ARGV) do
  local words = {}
  for word in text:gmatch('%S+') do words[#words + 1] = word == 'KEY' and KEYS[1] or word end
  if not redis.acl_check_cmd(unpack(words)) then missing[#missing + 1] = words[1] end
end
return missing`

/**
 * The commands that the user of this connection may not run.
 * @throws the error of Redis, such as NOPERM if the user may run no scripts
 */
export async function missingRights(
  redis: RedisConnection,
  { key, commands }: NeededRights
): Promise<string[]> {
  return (await redis.eval_ro(LUA, 1, key, ...commands)) as string[]
}
