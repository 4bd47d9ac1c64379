import { hash, verify } from '@node-rs/argon2'

/** argon2id (the library's default) with the OWASP parameters: 19 MiB, two passes, one lane; 17 to 20 ms of a core. */
const parameters = { memoryCost: 19456, timeCost: 2, parallelism: 1 }

export const PASSWORD_MIN_LENGTH = 8
export const PASSWORD_MAX_LENGTH = 256

/** The same password typed on two keyboards is the same password (NIST SP 800-63B §3.1.1.2, RFC 8265 §4.2). */
function normalised(password: string): string {
  return password.normalize('NFKC')
}

export function hashPassword(password: string): Promise<string> {
  return hash(normalised(password), parameters)
}

/** What an unknown e-mail's password is compared with, so that it costs what a known one's does. */
const decoy = hashPassword('no account has this password')

/** Whether `password` is the account's; the same work, and false, where there is no account. */
export async function passwordMatches(
  account: { passwordHash: string } | null,
  password: string
): Promise<boolean> {
  const matches = await verify(account?.passwordHash ?? (await decoy), normalised(password))
  return matches && account !== null
}
