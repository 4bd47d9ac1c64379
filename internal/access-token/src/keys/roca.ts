/**
 * Infineon’s RSALib uses the primes up to here for keys of 1984 bits and more (Nemec et al., CCS
 * 2017, table 1).
 */
const LARGEST_PRIME = 701
const GENERATOR = 65537

const PRIMES = primesTo(LARGEST_PRIME)

/**
 * Whether an RSA modulus of 1984 bits or more was made by a library whose keys can be factored
 * (ROCA, CVE-2017-15361). Each of its primes is `k * M + 65537^a mod M`, where M is the product of
 * the first primes, so the modulus is a power of 65537 modulo every one of them (Nemec et al., CCS
 * 2017, §2.3). A random modulus passes all of these tests with a chance far below 2^-27. Pure.
 */
export const isRoca = (modulus: bigint): boolean =>
  PRIMES.every((prime) => isPowerOfGenerator(Number(modulus % BigInt(prime)), prime))

/** Whether 2 or one of the small primes divides a modulus, so that anyone can factor it. Pure. */
export const hasSmallFactor = (modulus: bigint): boolean =>
  modulus % 2n === 0n || PRIMES.some((prime) => modulus % BigInt(prime) === 0n)

function isPowerOfGenerator(residue: number, prime: number): boolean {
  let power = 1
  do {
    if (power === residue) return true
    power = (power * GENERATOR) % prime
  } while (power !== 1)
  return false
}

function primesTo(largest: number): number[] {
  const found: number[] = []
  // From 3 on: every modulus is odd.
  for (let number = 3; number <= largest; number += 2) {
    if (!found.some((prime) => number % prime === 0)) found.push(number)
  }
  return found
}
