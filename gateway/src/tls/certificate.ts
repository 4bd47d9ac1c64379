import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { unreadable } from '@gatehouse/settings/file-fault'

/** PEM, as Node.js takes it */
export type Certificate = { readonly cert: Buffer; readonly key: Buffer }

/** A certificate cannot be used; the message is for an operator. */
export class CertificateFault extends Error {
  override readonly name = 'CertificateFault'
}

/** What names the files of a certificate and its key, for messages. */
export type CertificateSettings = { readonly cert: string; readonly key: string }

const OWN: CertificateSettings = { cert: 'GATEWAY_TLS_CERT_FILE', key: 'GATEWAY_TLS_KEY_FILE' }

/**
 * Reads a certificate and its key.
 * @throws CertificateFault if a file cannot be read or used, or the key belongs to another certificate
 */
export function readCertificate(
  certFile: string,
  keyFile: string,
  settings: CertificateSettings = OWN
): Certificate {
  const cert = read(settings.cert, certFile)
  const key = read(settings.key, keyFile)
  const certificate = as(
    'a certificate in PEM',
    settings.cert,
    certFile,
    () => new X509Certificate(cert)
  )
  const privateKey = as('a private key in PEM without a passphrase', settings.key, keyFile, () =>
    createPrivateKey(key)
  )
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new CertificateFault(
      `${settings.key}: ${keyFile} is not the key of the certificate in ${certFile}`
    )
  }
  as('a chain of certificates that TLS can use', settings.cert, certFile, () =>
    createSecureContext({ cert, key })
  )
  return { cert, key }
}

function read(setting: string, file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    const fault = unreadable(file, error)
    if (fault === null) throw error
    throw new CertificateFault(`${setting}: ${fault}`)
  }
}

function as<Content>(what: string, setting: string, file: string, parse: () => Content): Content {
  try {
    return parse()
  } catch {
    throw new CertificateFault(`${setting}: ${file} is not ${what}`)
  }
}
