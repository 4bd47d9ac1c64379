/**
 * The most characters of a host with its port: a name of 253 characters (RFC 1035 §2.3.4), the dot
 * after it, and `:65535`. Parsing a host that is not ASCII takes quadratic time (IDNA), so a longer
 * text is not parsed at all.
 */
export const LONGEST_AUTHORITY = 260
