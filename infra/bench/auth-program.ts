import { serviceProgram } from '@gatehouse/fixtures/program'
import { freePort } from '@gatehouse/start/free-port'
import { type Program, ready, start } from './programs.ts'

/** Starts an auth service on the core that is measured. Resolves when it is ready. */
export async function authProgram(
  settings: Readonly<Record<string, string>>,
  file = serviceProgram('auth')
): Promise<Program & { readonly url: string; readonly opsUrl: string }> {
  const [port, opsPort] = [await freePort(), await freePort()]
  const all = {
    LOG_LEVEL: 'warn',
    DRAIN_SECONDS: '0',
    AUTH_PORT: String(port),
    AUTH_OPS_PORT: String(opsPort),
    ...settings
  }
  const given = Object.entries(all).map(([name, value]) => `${name}=${value}`)
  const program = start('measured', [process.execPath, file], given)
  const opsUrl = `http://127.0.0.1:${opsPort}`
  await ready(program, `${opsUrl}/readyz`, [200])
  return { ...program, url: `http://127.0.0.1:${port}`, opsUrl }
}
