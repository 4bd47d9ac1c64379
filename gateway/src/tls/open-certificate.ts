import type { ServiceLog } from '@gatehouse/http-service/service-log'
import { StartFault } from '@gatehouse/process/start-fault'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import type { GatewayConfig } from '../config.ts'
import { CertificateFault } from './certificate.ts'
import { type LiveCertificate, liveCertificate } from './live-certificate.ts'

/**
 * The certificate of the gateway's listener, which follows its files; null without TLS.
 * @throws StartFault if it cannot be used
 */
export function openCertificate(config: GatewayConfig, log: ServiceLog): LiveCertificate | null {
  const { GATEWAY_TLS_CERT_FILE: certFile, GATEWAY_TLS_KEY_FILE: keyFile } = config
  if (certFile === undefined || keyFile === undefined) return null
  try {
    return liveCertificate({
      clock: Date.now,
      certFile,
      keyFile,
      onReload: (notAfter) => log.info({ notAfter }, 'new connections get the new certificate'),
      onExpiring: (notAfter, hasExpired) =>
        hasExpired
          ? log.error({ notAfter }, 'GATEWAY_TLS_CERT_FILE: the certificate has expired')
          : log.warn({ notAfter }, 'GATEWAY_TLS_CERT_FILE: the certificate expires soon'),
      onFault: (error) =>
        log.error(faultFields(error), 'the new certificate cannot be used; the old one stays')
    })
  } catch (error) {
    if (!(error instanceof CertificateFault)) throw error
    throw new StartFault(error.message)
  }
}

/** For the log: a mistake of the operator as plain text, anything else with its stack. */
export function faultFields(error: unknown): object {
  if (error instanceof SettingsFault) return { faults: error.faults }
  return error instanceof CertificateFault ? { cause: error.message } : { err: error }
}
