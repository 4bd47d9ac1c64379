/**
 * One way to hash passwords. A stored hash is a text `cost$salt$hash` (PHC string format), or
 * bcrypt's own form. The cost identifies the kind and the amount of work: `$scrypt$ln=14,r=8,p=1`.
 */
export type HashKind = {
  /**
   * Whether a text is a cost of this kind, within its bounds. Hashes of other costs match no
   * password.
   */
  isCost(cost: string): boolean
  /** @param passwordHash with a cost of this kind */
  verify(passwordHash: string, password: string): Promise<boolean>
  /** A hash of this cost that matches no password: verifying it takes as long, and fails. */
  decoy(cost: string): string
}
