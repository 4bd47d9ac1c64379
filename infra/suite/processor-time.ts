import { readFileSync } from 'node:fs'

const MS_PER_TICK = 10

/**
 * The processor time of all children of this process that have ended, and of their descendants
 * (proc(5): cutime, cstime); 0 where /proc does not exist.
 */
export function cpuOfChildrenMs(): number {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[13]) + Number(fields[14])) * MS_PER_TICK
  } catch {
    return 0
  }
}
