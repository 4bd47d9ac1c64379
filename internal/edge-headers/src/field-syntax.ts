const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** Whether a text is a token, as the names of fields and methods are (RFC 9110 §5.6.2). Pure. */
export const isToken = (text: string): boolean => TOKEN.test(text)

/** As a pattern of JSON Schema. */
export const TOKEN_PATTERN = TOKEN.source

/** without line breaks, NUL and other controls (RFC 9110 §5.5) */
const NOT_IN_A_VALUE = /[^\t\x20-\x7e\x80-\xff]/

/** Whether a text can be the value of a field: bytes as latin1. Pure. */
export const isFieldValue = (text: string): boolean => !NOT_IN_A_VALUE.test(text)
