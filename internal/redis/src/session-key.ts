/**
 * A key of the sessions and their revocations. All of them have one hash tag, because one script
 * takes several of them: in a cluster, they must be in the same slot.
 */
export const sessionKey = (name: string): string => `gatehouse:{sessions}:${name}`
