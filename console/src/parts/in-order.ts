/**
 * Requests may be answered in another order than they were sent. Returns a function that begins a
 * request. It returns a function to call with the response, which tells whether to show it: not if
 * a later request was answered before.
 */
export function inOrder(): () => () => boolean {
  let begun = 0
  let answered = 0
  return () => {
    begun += 1
    const own = begun
    return () => {
      if (own < answered) return false
      answered = own
      return true
    }
  }
}
