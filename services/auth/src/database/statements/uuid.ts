const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Whether a text can be the id of a row: this service creates ids as UUIDs, so any other text needs
 * no lookup. PostgreSQL accepts no NUL in a text.
 */
export const isUuid = (text: string): boolean => UUID.test(text)
