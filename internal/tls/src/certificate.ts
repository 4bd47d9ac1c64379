import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { readTlsFile, TlsFileFault } from './tls-file-fault.ts'

/** PEM, as Node.js takes it */
type Certificate = { readonly cert: Buffer; readonly key: Buffer }

/** What names the files of a certificate and its key, for messages. */
type CertificateNames = { readonly cert: string; readonly key: string }

/**
 * Reads a certificate and its key.
 * @throws TlsFileFault if a file cannot be read or used, or the key belongs to another certificate
 */
export function readCertificate(
  certFile: string,
  keyFile: string,
  names: CertificateNames
): Certificate {
  const cert = readTlsFile(names.cert, certFile)
  const key = readTlsFile(names.key, keyFile)
  const certificate = as(
    'a certificate in PEM',
    names.cert,
    certFile,
    () => new X509Certificate(inPem(cert))
  )
  const privateKey = as('a private key in PEM without a passphrase', names.key, keyFile, () =>
    createPrivateKey(inPem(key))
  )
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new TlsFileFault(
      `${names.key}: ${keyFile} is not the key of the certificate in ${certFile}`
    )
  }
  as('a chain of certificates that TLS can use', names.cert, certFile, () =>
    createSecureContext({ cert, key })
  )
  return { cert, key }
}

/** Node.js reads DER here, but not where the pair is used. */
function inPem(file: Buffer): Buffer {
  if (!file.includes('-----BEGIN ')) throw new Error('not PEM')
  return file
}

function as<Content>(what: string, name: string, file: string, parse: () => Content): Content {
  try {
    return parse()
  } catch {
    throw new TlsFileFault(`${name}: ${file} is not ${what}`)
  }
}
