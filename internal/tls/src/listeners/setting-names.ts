/**
 * The names of the settings of a listener. In a file of its own, because a health check starts
 * often and needs nothing else.
 */
export const settingNames = (listener: string) => ({
  cert: `${listener}_TLS_CERT_FILE` as const,
  key: `${listener}_TLS_KEY_FILE` as const,
  clientCa: `${listener}_TLS_CLIENT_CA_FILE` as const
})
