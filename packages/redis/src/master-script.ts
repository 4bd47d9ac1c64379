/**
 * A Lua script that only a master runs. Since Redis 7 a script that begins with this line says what it may do, and one that may
 * write is refused as a whole by a replica (READONLY), by a master with too few replicas (NOREPLICAS), and by a server whose memory
 * is full (OOM), before its first command. Without the line, a replica answers a script as long as it only reads: "no such
 * session", from data that may be old, would be taken for an answer.
 * @param lua the text of the script
 */
export const masterScript = (lua: string): string => `#!lua\n${lua}`
