import { editorSchema } from '../editor-schema.ts'
import { IssuerFile } from './issuer-entry.ts'

/** The JSON Schema of an issuer file; gateway/issuers.schema.json is this, and a test holds it to it. */
export const issuerFileSchema = (): string => editorSchema('Gatehouse issuers', IssuerFile)
