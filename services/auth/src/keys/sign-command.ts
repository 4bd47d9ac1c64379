import { COMMAND_TYPE, type Command } from '@gatehouse/fleet/commands'
import { CompactSign, importPKCS8 } from 'jose'
import type { LiveSigningKeys } from './live-signing-keys.ts'

/**
 * Signs a command to gateways with the active signing key (RFC 7515 §3.1). Its `typ` and its
 * members are not those of an access token, so neither is accepted as the other.
 * @throws Refusal UNAVAILABLE if the active key is not known
 */
export async function signCommand(
  keys: Pick<LiveSigningKeys, 'active'>,
  command: Command
): Promise<string> {
  const { algorithm, kid, privatePem } = keys.active()
  const privateKey = await importPKCS8(privatePem, algorithm)
  return await new CompactSign(Buffer.from(JSON.stringify(command)))
    .setProtectedHeader({ alg: algorithm, kid, typ: COMMAND_TYPE })
    .sign(privateKey)
}
