/** What is wrong with a Redis, and what the operator can do about it. The first match counts. */
const REMEDIES: [cause: { test(cause: string): boolean }, remedy: string][] = [
  [
    /WRONGPASS|invalid password|invalid username-password/,
    'Check the user and the password in REDIS_URL or REDIS_PASSWORD'
  ],
  [
    { test: (cause) => /sentinel/i.test(cause) && cause.includes('NOAUTH') },
    'Set REDIS_SENTINEL_PASSWORD, or ?sentinelPassword= in REDIS_URL: the sentinels require a password'
  ],
  [
    /unknown command \W?sentinel/i,
    'The server is not a sentinel: name the sentinels in REDIS_URL, or begin it with redis:// or rediss://'
  ],
  [/NOAUTH/, 'REDIS_URL needs a password, or set REDIS_PASSWORD'],
  [
    /NOPERM|user executing the script can't/,
    'Give the user in REDIS_URL the rights that docs/stores.md lists'
  ],
  [/DB index|SELECT is not allowed/, 'Name a database in REDIS_URL that the server has'],
  [
    /cluster support disabled/,
    'The server is not a Redis Cluster: begin REDIS_URL with redis:// or rediss://'
  ],
  [/^MOVED /, 'It is a Redis Cluster: begin REDIS_URL with redis+cluster:// or rediss+cluster://'],
  [/No such master with that name/, 'Check the name at the end of REDIS_URL'],
  [/unexpected symbol near '#'/, 'Update it: Redis 7 or later is needed'],
  [
    /ERR_TLS_CERT_ALTNAME_INVALID/,
    'Connect by a name in its certificate, or set REDIS_TLS_SERVER_NAME or REDIS_TLS_VERIFY=ca'
  ],
  [
    /SELF_SIGNED_CERT|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|CERT_(UNTRUSTED|SIGNATURE_FAILURE)|self-signed certificate|unable to verify the first certificate|unable to get (local )?issuer/,
    'Name the file with the certificate of its authority: REDIS_CA_FILE'
  ],
  [/CERT_(HAS_EXPIRED|NOT_YET_VALID)|certificate has expired/, 'Renew its certificate'],
  [
    /ERR_SSL|ERR_OSSL|EPROTO|SSL routines/,
    'TLS failed: check that the port uses TLS, and REDIS_CERT_FILE and REDIS_KEY_FILE if it requires a certificate'
  ]
]

/** What ends a fault that waiting does not end; undefined: it may pass. */
export const remedyOf = (cause: string): string | undefined =>
  REMEDIES.find(([pattern]) => pattern.test(cause))?.[1]

/**
 * Why a Redis cannot be used with these settings, for the operator: a wrong password, name or
 * certificate, which waiting does not fix. null for a fault that may pass: refused, loading, timed
 * out, name not found yet.
 * @param cause as `faultCause` returns it
 */
export function lastingFault(cause: string): string | null {
  const remedy = remedyOf(cause)
  return remedy === undefined
    ? null
    : `Redis cannot be used: ${cause.replace(/\.$/, '')}. ${remedy}`
}
