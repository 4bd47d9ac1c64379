import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { processorTime } from '../../processor-time.ts'
import { output } from '../../programs.ts'
import type { Contender } from './contenders.ts'

const CONNECTIONS = 32
export const PATH = '/bench/x'

/** A list of tokens as a script for wrk: each request takes the next token. */
export function tokenScript(
  folder: string,
  name: string,
  tokens: readonly string[],
  more: Readonly<Record<string, string>> = {},
  path = PATH
): string {
  const headers = Object.entries(more).map(([header, value]) => `, ["${header}"] = "${value}"`)
  const list = join(folder, `${name}.txt`)
  const script = join(folder, `${name}.lua`)
  writeFileSync(list, tokens.join('\n'))
  writeFileSync(
    script,
    `local t = {} for l in io.lines("${list}") do t[#t + 1] = l end
local i = 0
request = function()
  i = i % #t + 1
  return wrk.format("GET", "${path}", { ["Authorization"] = "Bearer " .. t[i], ["Host"] = "bench"${headers.join('')} })
end
`
  )
  return script
}

type Measured = {
  readonly requests: number
  /** processor time of the measured program per request */
  readonly microseconds: number
}

/**
 * Sends requests as fast as possible.
 * @throws if a response is not 2xx, because the figure would then mean something else
 */
export async function measure(
  { name, url, pid }: Contender,
  script: string,
  seconds: number
): Promise<Measured> {
  const before = processorTime(pid)
  // A process that has just started verifies the first tokens slowly. That is not a failure.
  const patient = ['--timeout', '10s']
  const command = ['wrk', ...patient, '-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '-s', script, url]
  const printed = await output('load', command)
  const used = processorTime(pid) - before
  const requests = Number(/(\d+) requests in/.exec(printed)?.[1] ?? 0)
  const failed = /Non-2xx[^\n]*|Socket errors[^\n]*/.exec(printed)?.[0]
  if (failed !== undefined || requests === 0) throw new Error(`${name}: ${failed ?? printed}`)
  return { requests, microseconds: used / requests }
}
