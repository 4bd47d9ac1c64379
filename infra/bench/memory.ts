import { readFileSync } from 'node:fs'

const ofStatus = (pid: number, name: string): number => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024
}

/** The memory of a process that is resident now, in MiB (proc(5), VmRSS). */
export const residentMemory = (pid: number): number => ofStatus(pid, 'VmRSS')

/** The same at its highest (VmHWM). */
export const peakMemory = (pid: number): number => ofStatus(pid, 'VmHWM')
