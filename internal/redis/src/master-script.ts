/**
 * A Lua script that only a master runs. Since Redis 7, a script with this first line declares what
 * it may do. A script that may write is refused as a whole, before its first command, by a replica
 * (READONLY), by a master with too few replicas (NOREPLICAS), and by a server whose memory is full
 * (OOM). Without the line, a replica runs a script as long as it only reads: "no such session",
 * from data that may be old, would count as a reply.
 * @param lua the text of the script
 */
export const masterScript = (lua: string): string => `#!lua\n${lua}`

/**
 * A Lua script that only reads. As with a plain command that reads, a replica answers it, and so
 * does a server whose memory is full.
 * @param lua the text of the script
 */
export const readingScript = (lua: string): string => `#!lua flags=no-writes\n${lua}`
