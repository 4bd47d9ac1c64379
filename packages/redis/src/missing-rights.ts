import type { RedisConnection } from './connect-redis.ts'

/** What a process needs to be allowed to do. */
export type NeededRights = {
  /** of the kind that the commands are used with */
  readonly key: string
  /** each with arguments of the kind that it is used with; `KEY` stands for the key */
  readonly commands: readonly string[]
}

/** Asks without running any of them (Redis 7). It may not write, so that a user who may only read a key can run it. */
const LUA = `#!lua flags=no-writes
local missing = {}
for _, text in ipairs(ARGV) do
  local words = {}
  for word in text:gmatch('%S+') do words[#words + 1] = word == 'KEY' and KEYS[1] or word end
  if not redis.acl_check_cmd(unpack(words)) then missing[#missing + 1] = words[1] end
end
return missing`

/**
 * Which of the commands the user of this connection may not run.
 * @throws what Redis answers, such as NOPERM where scripts are not allowed at all
 */
export async function missingRights(
  redis: RedisConnection,
  { key, commands }: NeededRights
): Promise<string[]> {
  return (await redis.eval_ro(LUA, 1, key, ...commands)) as string[]
}
