import type { Redis } from 'ioredis'

/** The counters of a Redis server since its start. */
type RedisFigures = {
  /** processor time of the whole server, in microseconds */
  readonly cpuMicroseconds: number
  readonly usedBytes: number
}

export async function redisFigures(redis: Redis): Promise<RedisFigures> {
  const info = `${await redis.info('cpu')}\n${await redis.info('memory')}`
  const number = (name: string): number => {
    const found = new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1]
    if (found === undefined) throw new Error(`Redis does not report ${name}`)
    return Number(found)
  }
  return {
    cpuMicroseconds: (number('used_cpu_user') + number('used_cpu_sys')) * 1e6,
    usedBytes: number('used_memory')
  }
}
