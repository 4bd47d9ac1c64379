import { readFileSync } from 'node:fs'
import type { RedisConnection } from '@gatehouse/redis/connection'
import { masterScript } from '@gatehouse/redis/master-script'
import { bounded } from './bounded.ts'

export type Script = (keysAndArguments: (string | number)[]) => Promise<unknown>

/**
 * A script of lua/ as a function. ioredis sends its digest, and the text only to a server that does
 * not know it.
 * @param shared the files that precede the script
 */
export function script(
  redis: RedisConnection,
  name: string,
  numberOfKeys: number,
  shared: readonly string[] = []
): Script {
  const source = (file: string) =>
    readFileSync(new URL(`../../lua/${file}.lua`, import.meta.url), 'utf8')
  const command = `gatehouse-${name}`
  const lua = [...shared.map(source), source(name)].join('\n')
  redis.defineCommand(command, { numberOfKeys, lua: masterScript(lua) })
  const send = Reflect.get(redis, command) as Script
  return (keysAndArguments) => bounded(() => send.call(redis, keysAndArguments))
}
