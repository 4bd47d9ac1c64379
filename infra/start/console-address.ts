import { consoleLink } from '@gatehouse/ops/console-link'
import { opsClient } from '@gatehouse/ops/ops-client'
import type { WholeSystem } from './whole-system.ts'

/** The person may read the screen later. */
const LIFETIME_SECONDS = 3600

/**
 * The address of the console, with a code that signs in. null in production, where a log may keep
 * what a start prints, and if the ops listener does not accept this process as an operator.
 */
export async function consoleAddress(
  { services }: WholeSystem,
  environment: NodeJS.ProcessEnv
): Promise<string | null> {
  const auth = services.find(({ name }) => name === 'auth')
  if (auth === undefined || environment.NODE_ENV === 'production') return null
  const ops = opsClient({ ...environment, AUTH_OPS_URL: auth.opsUrl })
  const body = { expiresInSeconds: LIFETIME_SECONDS }
  return await consoleLink(ops, body).then(
    ({ url }) => url,
    () => null
  )
}
