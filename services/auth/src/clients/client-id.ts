const CLIENT_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** This service creates the ids, so a text of another form needs no lookup. */
export const isClientId = (text: string): boolean => CLIENT_ID.test(text)
