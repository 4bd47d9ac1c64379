import { editorSchema } from '../yaml/editor-schema.ts'
import { IssuerFile } from './issuer-entry.ts'

/** The JSON Schema of an issuer file. A test compares gateway/issuers.schema.json with it. */
export const issuerFileSchema = (): string => editorSchema('Gatehouse issuers', IssuerFile)
