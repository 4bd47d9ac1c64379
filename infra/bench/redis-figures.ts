import type { Redis } from 'ioredis'

/** The counters of a Redis server since its start. */
type RedisFigures = {
  /** scripts that clients called; each is one round trip */
  readonly scriptCalls: number
  /** processor time of the whole server, in microseconds */
  readonly cpuMicroseconds: number
  readonly usedBytes: number
}

export async function redisFigures(redis: Redis): Promise<RedisFigures> {
  const info = `${await redis.info('cpu')}\n${await redis.info('memory')}\n${await redis.info('commandstats')}`
  const number = (name: string, pattern: RegExp): number => {
    const found = pattern.exec(info)?.[1]
    if (found === undefined) throw new Error(`Redis does not report ${name}`)
    return Number(found)
  }
  const user = number('used_cpu_user', /used_cpu_user:([\d.]+)/)
  const system = number('used_cpu_sys', /used_cpu_sys:([\d.]+)/)
  return {
    scriptCalls: Number(/cmdstat_evalsha:calls=(\d+)/.exec(info)?.[1] ?? 0),
    cpuMicroseconds: (user + system) * 1e6,
    usedBytes: number('used_memory', /used_memory:(\d+)/)
  }
}
