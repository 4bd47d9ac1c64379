import { fileURLToPath } from 'node:url'
import { operatorDocument, publicDocument } from './api-documents.ts'
import type { Listener } from './collect-routes.ts'

const folder = new URL('../../api/', import.meta.url)

/** The documents, and how each is made from the routes of a running system. */
export const apiFiles: Readonly<Record<string, (listeners: readonly Listener[]) => string>> = {
  'public.json': publicDocument,
  'operator.json': operatorDocument
}

export const apiFile = (name: string): string => fileURLToPath(new URL(name, folder))

/** The types of the console, made from `operator.json`. */
export const consoleTypesFile = apiFile('../console/src/api/operator-api.ts')
