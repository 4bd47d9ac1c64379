import { readFileSync } from 'node:fs'
import type { RedisConnection } from '@gatehouse/redis/connect-redis'
import { bounded } from './bounded.ts'

export type Script = (keysAndArguments: (string | number)[]) => Promise<unknown>

/** A script of lua/ as a function. ioredis sends its digest, and the text only to a server that does not know it. */
export function script(redis: RedisConnection, name: string, numberOfKeys: number): Script {
  const source = (file: string) =>
    readFileSync(new URL(`../../lua/${file}.lua`, import.meta.url), 'utf8')
  const command = `gatehouse-${name}`
  redis.defineCommand(command, { numberOfKeys, lua: `${source('family')}\n${source(name)}` })
  const send = Reflect.get(redis, command) as Script
  return (keysAndArguments) => bounded(() => send.call(redis, keysAndArguments))
}
